"""What can be done in one conversation."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal, TypeVar

from ..objects import Changed, Json, Sent, changed_of, sent_of
from ..questions.answer import Option, actions_of, option_of
from ..streams.agent_stream import AgentStream
from ..streams.outcome import StreamTarget
from .history import ChatMessage, read_history
from .parts import AgentParts

T = TypeVar("T")
Activity = Literal["thinking", "using_tool", "error"]


def new_client_id() -> str:
    """One that nobody else uses."""
    return secrets.token_hex(16)


class Conversation:
    """Changes are carried out in the order in which they are made and return after the commit.

    Lost connections are waited for; only a refusal, `outbox_full` or the end raises.
    """

    def __init__(self, parts: AgentParts, id: str) -> None:
        self._parts = parts
        self._session = parts.session
        self.id = id

    async def send(
        self,
        content: str,
        *,
        client_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        reply_to: str | None = None,
        actions: Sequence[Mapping[str, Any]] | None = None,
        actions_expire_at: str | None = None,
    ) -> Sent:
        """`client_id` is the idempotency key, made up when absent: the same one with the same text is sent once."""
        optional: dict[str, Any] = {
            "metadata": metadata,
            "reply_to": reply_to,
            "actions": actions,
            "actions_expire_at": actions_expire_at,
        }
        payload: dict[str, Any] = {
            "conversation_id": self.id,
            "client_id": client_id or new_client_id(),
            "content": content,
            **{name: value for name, value in optional.items() if value is not None},
        }
        return sent_of(await self._change("message:send", payload))

    def stream(self, *, reply_to: str | None = None) -> AgentStream:
        """Begins an answer that people see while it is written."""
        return self._start_stream(new_client_id(), reply_to)

    async def ask(
        self,
        content: str,
        options: Sequence[Option],
        *,
        timeout_s: float | None = None,
        client_id: str | None = None,
        reply_to: str | None = None,
    ) -> str | None:
        """Asks people to choose, and waits: for a button, or for a reply that is the id or the label of an option.

        Returns the option's id (its text where it is one), or None when nobody chose in time or the question was
        deleted. `timeout_s` counts from the first time it is asked. Who cancels it withdraws the question.
        """
        questions = self._parts.questions
        expiry = None if timeout_s is None else questions.expiry_in(timeout_s)
        sent = await self.send(
            content,
            client_id=client_id,
            reply_to=reply_to,
            actions=actions_of(options),
            actions_expire_at=expiry,
        )
        try:
            id = await self._waiting(lambda: questions.answer(sent.message.raw))
        except asyncio.CancelledError:
            # What ends with the agent is found again when it is asked again.
            if not questions.is_stopping and not self._session.is_over:
                self._withdrawal = asyncio.ensure_future(self.delete(sent.message.id))
            raise
        return None if id is None else option_of(options, id)

    async def history(self, limit: int = 20) -> list[ChatMessage]:
        """The newest messages as chat completion endpoints take them, oldest first.

        The agent's own are `assistant`, all others `user`, without those that are deleted or empty.
        """
        return await read_history(self._session, self.id, limit, self._history_end)

    def activity(self, state: Activity | None, label: str | None = None) -> None:
        """What it is doing, for 30 s or until a message or None; dropped when there is no connection."""
        payload: dict[str, Any] = {"conversation_id": self.id, "state": state}
        if label is not None:
            payload["label"] = label
        self._session.emit("activity", payload)

    async def edit(self, message_id: str, content: str) -> Changed:
        """Of an own message."""
        payload = {**self._message(message_id), "content": content}
        return changed_of(await self._change("message:edit", payload))

    async def delete(self, message_id: str) -> Changed:
        """Of an own message: its content is gone for good, a tombstone remains."""
        return changed_of(await self._change("message:delete", self._message(message_id)))

    async def react(self, message_id: str, emoji: str, set: bool = True) -> Changed:
        """Adds the own reaction, or takes it back."""
        payload = {**self._message(message_id), "emoji": emoji, "set": set}
        return changed_of(await self._change("reaction:set", payload))

    async def read(self, seq: int) -> None:
        payload = {"conversation_id": self.id, "seq": seq}
        await self._session.request_until_answered("read", payload)

    def typing(self, typing: bool = True) -> None:
        """Lasts 6 s; dropped when there is no connection."""
        self._session.emit("typing", {"conversation_id": self.id, "typing": typing})

    async def _change(self, name: str, payload: Mapping[str, Any]) -> Json:
        """The one way of every change to the log."""
        return await self._session.outbox.add(name, payload)

    def _message(self, message_id: str) -> dict[str, Any]:
        return {"conversation_id": self.id, "message_id": message_id}

    #: Messages from this seq on are no part of the history.
    _history_end: int | None = None

    def _start_stream(self, stream_id: str, reply_to: str | None) -> AgentStream:
        target = StreamTarget(self.id, stream_id, reply_to, self._session.outbox.add)
        return self._parts.streams.start(target, self._outcome)

    def _outcome(self, sent: Coroutine[Any, Any, Sent]) -> asyncio.Future[Sent]:
        """What the writer of a stream gets of its end."""
        return asyncio.ensure_future(sent)

    async def _waiting(self, work: Callable[[], Awaitable[T]]) -> T:
        """While a person is waited for."""
        return await work()
