"""One run of a handler."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from ..errors import MessengerError


class HandlerTimeout(MessengerError):
    """The handler did not settle in time: another run would take as long."""

    def __init__(self, seconds: float) -> None:
        super().__init__("timeout", f"the handler did not settle within {seconds:g} s")


class Deadline:
    """Runs out after so many seconds in which it was not suspended."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds
        self._since = time.monotonic()
        self._suspended = 0
        self._is_stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._passed = asyncio.Event()
        self._resume()

    def suspend(self) -> None:
        self._suspended += 1
        if self._suspended == 1:
            self._cancel()
            self._left -= time.monotonic() - self._since

    def resume(self) -> None:
        self._suspended -= 1
        if self._suspended == 0:
            self._resume()

    def stop(self) -> None:
        """The run is over: what it waited for may end later."""
        self._is_stopped = True
        self._cancel()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()

    async def passed(self) -> None:
        await self._passed.wait()

    def _resume(self) -> None:
        if self._is_stopped:
            return
        self._since = time.monotonic()
        delay = max(0.0, self._left)
        self._timer = asyncio.get_running_loop().call_later(delay, self._passed.set)


async def run_until(work: Coroutine[Any, Any, None], deadline: Deadline) -> None:
    """As `work`; raises HandlerTimeout when the deadline is first. What becomes of `work` is ignored then."""
    task = asyncio.ensure_future(work)
    late = asyncio.ensure_future(deadline.passed())
    try:
        await asyncio.wait([task, late], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise HandlerTimeout(deadline.seconds)
        if task.cancelled():
            raise MessengerError("internal", "the handler was cancelled")
        task.result()
    finally:
        deadline.stop()
        late.cancel()
        if not task.done():
            task.cancel()
            task.add_done_callback(_ignore)


def _ignore(task: asyncio.Future[None]) -> None:
    if not task.cancelled():
        task.exception()
