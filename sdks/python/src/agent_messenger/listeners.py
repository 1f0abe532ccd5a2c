"""Who is told of what."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

logger = logging.getLogger("agent_messenger")

Listener = Callable[[Any], None]


class Listeners:
    def __init__(self) -> None:
        self._by_name: dict[str, list[Listener]] = {}

    def add(self, name: str, listener: Listener) -> Callable[[], None]:
        """Returns what ends it."""
        listeners = self._by_name.setdefault(name, [])
        listeners.append(listener)

        def remove() -> None:
            with contextlib.suppress(ValueError):
                listeners.remove(listener)

        return remove

    def tell(self, name: str, data: Any) -> None:
        """One that fails is logged, and keeps nobody else from being told."""
        for listener in list(self._by_name.get(name, ())):
            try:
                listener(data)
            except Exception:
                logger.exception("a listener for %s failed", name)
