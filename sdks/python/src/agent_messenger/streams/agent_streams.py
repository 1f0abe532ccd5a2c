"""The answers that an agent is writing now, by id."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ..objects import Json, Sent
from ..session import Session
from .agent_stream import AgentStream
from .outcome import StreamTarget


class AgentStreams:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[str, AgentStream] = {}
        session.on("stream:state", self._go_on)
        session.on("stream:stop", self._stop)
        session.on("connected", lambda _: self._resume())

    def start(
        self,
        target: StreamTarget,
        outcome: Callable[[Coroutine[Any, Any, Sent]], asyncio.Future[Sent]],
    ) -> AgentStream:
        """One that is open under the same id is given up: it is written anew."""
        before = self._open.get(target.stream_id)
        if before is not None:
            before.abandon()
        stream = AgentStream(self._session, target, outcome, self._over)
        self._open[stream.id] = stream
        return stream

    def open_of(self, prefix: str) -> list[AgentStream]:
        """Those that have no outcome, of the ids that begin so."""
        streams = list(self._open.values())
        return [each for each in streams if each.id.startswith(prefix) and not each.is_over]

    def _find(self, told: Json) -> AgentStream | None:
        """Whoever asks to stop may know its id, and be in another conversation."""
        stream = self._open.get(told["stream_id"])
        if stream is None or stream.conversation_id != told["conversation_id"]:
            return None
        return stream

    def _over(self, stream: AgentStream) -> None:
        if self._open.get(stream.id) is stream:
            del self._open[stream.id]

    def _go_on(self, state: Json) -> None:
        stream = self._find(state)
        if stream is not None:
            stream.go_on(state)

    def _stop(self, stopped: Json) -> None:
        stream = self._find(stopped)
        if stream is not None:
            stream.stop()

    def _resume(self) -> None:
        for stream in list(self._open.values()):
            stream.resume()
