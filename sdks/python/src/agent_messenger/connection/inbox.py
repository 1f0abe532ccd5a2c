"""What the connection has heard and the application has not taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

#: While the application's event loop is blocked; of events beyond only the positions are kept, the log has the rest.
CAPACITY = 1_000
#: May be lost, by the contract.
PASSING = {"receipt", "typing", "presence", "stream"}


class Inbox:
    """Filled by one thread, emptied by another. `wake` is called once for what is put until it is taken."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._heard: list[tuple[str, Any]] = []
        self._behind: dict[str, tuple[int, int]] = {}

    def put(self, name: str, data: Any) -> None:
        with self._lock:
            first = not self._heard and not self._behind
            self._keep(name, data)
        if first:
            self._wake()

    def take(self) -> list[tuple[str, Any]]:
        """In order; then `behind` with `(conversation_id, first, last)` for each log of which events were not kept."""
        with self._lock:
            heard, self._heard = self._heard, []
            behind, self._behind = self._behind, {}
        return heard + [("behind", (id, *seqs)) for id, seqs in behind.items()]

    def _keep(self, name: str, data: Any) -> None:
        if len(self._heard) < CAPACITY:
            self._heard.append((name, data))
        elif name == "event":
            conversation_id, seq = data["conversation_id"], data["seq"]
            first, last = self._behind.get(conversation_id, (seq, seq))
            self._behind[conversation_id] = (min(first, seq), max(last, seq))
        elif name not in PASSING:
            self._heard.append((name, data))
