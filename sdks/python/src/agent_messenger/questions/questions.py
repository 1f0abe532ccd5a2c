"""The questions that an agent has asked and that nobody has answered yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from ..errors import MessengerError, closed
from ..objects import Json
from ..session import Session
from .answer import Answer, answer_in

#: The log is read again after so long without an answer: an event may be held back behind the one at hand.
LOOK_EVERY_S = 30.0
#: Between the clocks of the gateway, which tells the time, and of the store, which judges.
CLOCKS_S = 1.0
REPLIES_KEPT = 1_000


class Questions:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._heard: set[Callable[[Json], None]] = set()
        self._waking: set[asyncio.Event] = set()
        #: Replies that were an answer: no message to be handled besides.
        self._replies: dict[str, None] = {}
        #: The server's clock less ours.
        self._ahead_s = 0.0
        self.is_stopping = False
        # As it arrives: a handler that asks holds up whatever comes after its own message.
        session.on("event", self._hear)
        session.on("connected", self._set_clock)
        session.on("synced", lambda _: self._wake())

    def stop(self) -> None:
        """Nothing is waited for any more; questions stay, and are found again after the restart."""
        self.is_stopping = True
        self._wake()

    def expiry_in(self, seconds: float) -> str:
        """By the server's clock."""
        at = datetime.now(timezone.utc) + timedelta(seconds=self._ahead_s + seconds)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def is_reply(self, message_id: str) -> bool:
        """Whether the message was the answer to a question; asked once."""
        return message_id in self._replies and self._replies.pop(message_id) is None

    async def answer(self, question: Json) -> str | None:
        """The id of the chosen action; None when nobody chose in time, or the question is gone."""
        found: list[Answer] = []
        awake = asyncio.Event()

        def hear(event: Json) -> None:
            answer = None if found else answer_in(event, question)
            if answer is not None:
                self._note(answer)
                found.append(answer)
                awake.set()

        self._heard.add(hear)
        self._waking.add(awake)
        try:
            while True:
                awake.clear()
                is_expired = self._expires_in_s(question) <= 0
                await self._look(question, hear)
                if found:
                    return found[0].action_id
                if self.is_stopping:
                    raise closed()
                if is_expired:
                    return None
                await _within(awake, min(LOOK_EVERY_S, self._expires_in_s(question)))
        finally:
            self._heard.discard(hear)
            self._waking.discard(awake)

    async def _look(self, question: Json, hear: Callable[[Json], None]) -> None:
        """Reads the log from the question on."""
        after_seq = question["seq"] - 1
        while True:
            page = await self._session.read_log(question["conversation_id"], after_seq)
            for event in page["events"]:
                if event["type"] == "conversation.deleted":
                    raise MessengerError("not_found", "the conversation was deleted")
                hear(event)
            if not page["has_more"] or not page["events"]:
                return
            after_seq = page["events"][-1]["seq"]

    def _note(self, answer: Answer) -> None:
        if answer.message_id is None:
            return
        self._replies[answer.message_id] = None
        if len(self._replies) > REPLIES_KEPT:
            del self._replies[next(iter(self._replies))]

    def _hear(self, event: Json) -> None:
        for hear in list(self._heard):
            hear(event)

    def _wake(self) -> None:
        for awake in self._waking:
            awake.set()

    def _set_clock(self, connected: Json) -> None:
        server = datetime.fromisoformat(connected["server_time"].replace("Z", "+00:00"))
        self._ahead_s = server.timestamp() - time.time()

    def _expires_in_s(self, question: Json) -> float:
        expiry = question.get("actions_expire_at")
        if expiry is None:
            return float("inf")
        at = datetime.fromisoformat(expiry.replace("Z", "+00:00")).timestamp()
        return at + CLOCKS_S - (time.time() + self._ahead_s)


async def _within(awake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await awake.wait()
    except TimeoutError:
        pass
