"""How often something is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Pacer:
    """At once when nothing was sent for a while, else once after the interval, together with what comes until then."""

    def __init__(self, every_s: float, send: Callable[[], bool]) -> None:
        """`send` answers False when there was nothing to send."""
        self._every_s = every_s
        self._send = send
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def request(self) -> None:
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if self._due <= loop.time():
            self.send_now()
        else:
            self._timer = loop.call_at(self._due, self._fire)

    def send_now(self) -> None:
        if self._send():
            self._due = asyncio.get_running_loop().time() + self._every_s

    def pause(self, seconds: float) -> None:
        self._due = max(self._due, asyncio.get_running_loop().time() + seconds)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _fire(self) -> None:
        self._timer = None
        self.request()
