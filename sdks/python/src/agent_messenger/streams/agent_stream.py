"""An answer that people see while it is written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from ..errors import MessengerError
from ..objects import Json, Sent, message_of
from ..session import Session
from .buffer import StreamBuffer
from .outcome import StreamTarget, commit_end, commit_failure, commit_nothing
from .pacer import Pacer

APPEND_EVERY_S = 0.05
#: An answer that fails before it was begun is not waited for longer.
START_S = 5.0
#: A stopped answer that its writer does not end within this time is ended as it is; the server waits for 10 s.
STOPPED_S = 3.0


class AgentStream:
    """Everything that was appended is kept until the server has made a message of it.

    Whatever is lost on the way, a connection or the server's memory, is sent again. As a context it ends with its
    block; a stop by a person leaves the block, and what was written is the answer.
    """

    def __init__(
        self,
        session: Session,
        target: StreamTarget,
        outcome: Callable[[Coroutine[Any, Any, Sent]], asyncio.Future[Sent]],
        on_over: Callable[[AgentStream], None],
    ) -> None:
        self._session = session
        self._target = target
        self._give = outcome
        self._on_over = on_over
        self._buffer = StreamBuffer()
        #: starting: asks where to go on; open: what is appended is sent; silent: only the end says what was written;
        #: over: it is a message.
        self._phase = "starting"
        self._starts = 0
        self._has_begun = False
        self._earlier: Sent | None = None
        self._outcome: asyncio.Future[Sent] | None = None
        self._pacer = Pacer(APPEND_EVERY_S, self._send)
        self._stopper: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[Any] | None = None
        self._is_cut = False
        #: Set when a person stops the answer; what is appended later is ignored.
        self.stopped = asyncio.Event()
        self._starting = asyncio.ensure_future(self._start())

    @property
    def id(self) -> str:
        return self._target.stream_id

    @property
    def conversation_id(self) -> str:
        return self._target.conversation_id

    @property
    def text(self) -> str:
        """What was appended."""
        return self._buffer.text

    @property
    def is_over(self) -> bool:
        """It has ended or was given up."""
        return self._phase == "over" or self._outcome is not None

    def append(self, text: str) -> None:
        """Raises `payload_too_large` when the whole answer would have more than 64 KiB."""
        if self.is_over or self.stopped.is_set():
            return
        self._buffer.add(text)
        self._pump()

    async def end(self, content: str | None = None, **fields: Any) -> Sent:
        """Makes a message of it; returns after the commit. `content` takes the place of what was appended.

        `fields`: `metadata`, `actions`, `actions_expire_at`.
        """

        async def commit(is_there: bool) -> Sent:
            whole = self.text if content is None else content
            there = is_there and content is None
            return await commit_end(self._target, self._buffer.length, whole, there, fields)

        return await self._finish(commit)

    async def fail(self, error: str) -> Sent:
        """Makes a message with `state: "failed"` of it; `error` is for people, 1 to 200 characters."""

        async def commit(_: bool) -> Sent:
            # Only what the server has is in the message: what it is being told to begin with comes first.
            await asyncio.wait([self._starting], timeout=START_S)
            self._pacer.send_now()
            return await commit_failure(self._target, self.text, error)

        return await self._finish(commit)

    async def end_stopped(self) -> Sent:
        """Ends a stopped answer with what there is."""
        if self._buffer.length > 0:
            return await self.end()
        return await self._finish(lambda _: commit_nothing(self._target))

    def stop(self) -> None:
        """A person wants no more of it."""
        if self.stopped.is_set() or self.is_over:
            return
        self.stopped.set()
        self._stopper = asyncio.get_running_loop().call_later(STOPPED_S, self._stop_late)
        if self._writer is not None and not self._writer.done():
            self._is_cut = True
            self._writer.cancel()

    def resume(self) -> None:
        """The connection is another one. A start that waits for its answer is repeated by itself."""
        if self._phase == "open" and not self.is_over:
            self._starting = asyncio.ensure_future(self._start())

    def go_on(self, state: Json) -> None:
        """The server has only this much, or takes no more for now."""
        if self._phase != "open" or self.is_over:
            return
        code = state.get("code")
        if code in (None, "rate_limited", "unavailable"):
            self._pacer.pause(state.get("retry_after_ms", 0) / 1_000)
            self._buffer.rewind(state["offset"])
            self._pump()
        elif code == "not_found":
            self._starting = asyncio.ensure_future(self._start(restart=True))
        else:
            self._phase = "silent"

    def abandon(self) -> None:
        """Another run writes this answer anew, or it has its outcome."""
        self._phase = "over"
        self._stop_timers()
        self._on_over(self)

    async def __aenter__(self) -> AgentStream:
        self._writer = asyncio.current_task()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        writer, self._writer = self._writer, None
        if self._is_cut and writer is not None:
            # The cancellation was ours, for the stop; one that comes besides is not.
            is_more = writer.uncancel() > 0 and kind is asyncio.CancelledError
            is_less = kind is None or issubclass(kind, (Exception, asyncio.CancelledError))
            if is_more or not is_less:
                return False
            await self.end_stopped()
            return True
        if kind is None:
            await (self.end_stopped() if self.stopped.is_set() else self.end())
        return False

    async def _start(self, restart: bool = False) -> None:
        self._starts += 1
        start = self._starts
        self._phase = "starting"
        request = {**self._target.names, **self._target.reply}
        if restart:
            request["restart"] = True
        try:
            answer = await self._session.request_until_answered("stream:start", request)
        except MessengerError:
            # Refused, or a gateway without streams: the end says what was written, and hears why it cannot be.
            answer = None
        if start != self._starts or self._phase != "starting":
            return
        if answer is None:
            self._phase = "silent"
        else:
            await self._started(answer)

    async def _started(self, answer: Json) -> None:
        if "message" in answer:
            message = message_of(answer["message"])
            # Cut off meanwhile: its end replaces what there is. Any other outcome is final, and of an earlier run.
            if message.state != "interrupted":
                self._earlier = Sent(message, duplicate=True)
            self._phase = "silent"
            return
        offset = answer["offset"]
        # An earlier run, before a crash, wrote something else.
        is_foreign = not self._has_begun or offset > self._buffer.length
        if offset > 0 and is_foreign:
            return await self._start(restart=True)
        self._has_begun = True
        self._phase = "open"
        self._buffer.rewind(offset)
        if answer.get("stopped"):
            self.stop()
        self._pump()

    def _pump(self) -> None:
        if self._phase == "open" and not self.is_over and not self._buffer.is_sent:
            self._pacer.request()

    def _send(self) -> bool:
        piece = self._buffer.next() if self._phase == "open" else None
        if piece is None:
            return False
        # Without a connection nothing is sent: the next start tells where to go on.
        text = {"offset": piece.offset, "text": piece.text}
        self._session.emit("stream:append", {**self._target.names, **text})
        return True

    async def _finish(self, commit: Callable[[bool], Coroutine[Any, Any, Sent]]) -> Sent:
        if self._outcome is None:
            self._stop_timers()
            self._buffer.close()
            is_there = self._phase == "open"
            self._pacer.send_now()
            self._outcome = self._give(self._commit(commit, is_there))
        return await asyncio.shield(self._outcome)

    async def _commit(
        self, commit: Callable[[bool], Coroutine[Any, Any, Sent]], is_there: bool
    ) -> Sent:
        try:
            return self._earlier or await commit(is_there)
        finally:
            self.abandon()

    def _stop_late(self) -> None:
        async def end() -> None:
            # Refused: the server cuts it off by itself.
            with contextlib.suppress(MessengerError):
                await self.end_stopped()

        self._late = asyncio.ensure_future(end())

    def _stop_timers(self) -> None:
        self._pacer.stop()
        if self._stopper is not None:
            self._stopper.cancel()
