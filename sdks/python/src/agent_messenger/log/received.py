"""Tells the server how far the application has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

EVERY_EVENTS = 32
AFTER_MS = 250


@dataclass(slots=True)
class _Report:
    seq: int = 0
    events: int = 0


class ReceivedReporter:
    """Cumulative, after 32 events or 250 ms. `emit` answers False when there is no connection: it stays due then."""

    def __init__(self, emit: Callable[[str, int], bool]) -> None:
        self._emit = emit
        self._due: dict[str, _Report] = {}
        #: Of which nobody knows whether it has arrived.
        self._last: tuple[str, int] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def taken(self, conversation_id: str, seq: int) -> None:
        report = self._due.setdefault(conversation_id, _Report())
        report.seq = max(report.seq, seq)
        report.events += 1
        if report.events >= EVERY_EVENTS:
            self._report(conversation_id, report)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(AFTER_MS / 1_000, self.flush)

    def flush(self) -> None:
        self._stop_timer()
        for conversation_id, report in list(self._due.items()):
            self._report(conversation_id, report)

    def drain(self) -> dict[str, int]:
        """Hands over what is due and forgets it; if nothing is, the last report.

        The answer to it tells that those before it have arrived, too.
        """
        self._stop_timer()
        due = {id: report.seq for id, report in self._due.items()}
        if not due and self._last is not None:
            due = dict([self._last])
        self._due.clear()
        self._last = None
        return due

    def _report(self, conversation_id: str, report: _Report) -> None:
        if self._emit(conversation_id, report.seq):
            self._due.pop(conversation_id, None)
            self._last = (conversation_id, report.seq)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
