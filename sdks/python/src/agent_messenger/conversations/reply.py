"""The conversation as one run of a handler sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ..errors import MessengerError
from ..objects import Json, Message, Sent, message_of
from ..streams.agent_stream import AgentStream
from .conversation import Conversation
from .parts import AgentParts

T = TypeVar("T")


class Run(Protocol):
    """What a run of a handler lends to its conversation."""

    async def pause(self, work: Callable[[], Awaitable[T]]) -> T:
        """A person is waited for, which costs the run neither time nor its place among those that run at once."""


class Reply(Conversation):
    """Its n-th answer carries a client_id that follows from the incoming message.

    A run that is repeated, after a crash for example, doubles nothing that was sent before.
    """

    def __init__(self, parts: AgentParts, incoming: Message, run: Run) -> None:
        super().__init__(parts, incoming.conversation_id)
        self._incoming = incoming
        self._run = run
        self._history_end = incoming.seq + 1
        self._answers = 0
        self._changes: set[asyncio.Future[Any]] = set()
        self._streams: list[AgentStream] = []

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
        own = self._next_id()
        sent = super().send(
            content,
            client_id=client_id or own,
            metadata=metadata,
            reply_to=reply_to,
            actions=actions,
            actions_expire_at=actions_expire_at,
        )
        return await (sent if client_id is not None else self._or_earlier(sent))

    def stream(self, *, reply_to: str | None = None) -> AgentStream:
        stream = self._start_stream(self._next_id(), reply_to)
        self._streams.append(stream)
        return stream

    @property
    def is_stopped(self) -> bool:
        """A person has stopped something that the run was writing."""
        return any(stream.stopped.is_set() for stream in self._streams)

    async def finish(self) -> None:
        """Ends what the handler left open."""
        for stream in self._streams:
            if not stream.is_over:
                await (stream.end_stopped() if stream.stopped.is_set() else stream.end())

    async def settled(self) -> None:
        """Returns when all changes of the run have their answers, also those that something else waits for."""
        while self._changes:
            await asyncio.wait(self._changes)

    def _next_id(self) -> str:
        self._answers += 1
        return f"{self._incoming.id}:{self._answers}"

    async def _change(self, name: str, payload: Mapping[str, Any]) -> Json:
        return await asyncio.shield(self._noted(super()._change(name, payload)))

    def _outcome(self, sent: Coroutine[Any, Any, Sent]) -> asyncio.Future[Sent]:
        return self._noted(self._or_earlier(sent))

    async def _waiting(self, work: Callable[[], Awaitable[T]]) -> T:
        return await self._run.pause(work)

    def _noted(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        task = asyncio.ensure_future(work)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return task

    async def _or_earlier(self, sent: Coroutine[Any, Any, Sent]) -> Sent:
        """An earlier run sent something else as its n-th answer (a model rarely says the same twice): that one counts."""
        try:
            return await sent
        except MessengerError as error:
            if error.code != "conflict" or not error.message_id:
                raise
            return Sent(await self._sent_earlier(error), duplicate=True)

    async def _sent_earlier(self, error: MessengerError) -> Message:
        after_seq = self._incoming.seq
        while True:
            page = await self._session.read_log(self.id, after_seq)
            for event in page["events"]:
                if event["type"] == "message.created" and event["message"]["id"] == error.message_id:
                    return message_of(event["message"])
            if not page["has_more"] or not page["events"]:
                raise error
            after_seq = page["events"][-1]["seq"]
