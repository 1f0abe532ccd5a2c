"""How long to wait before another try."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from .errors import MessengerError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Bounds of the delay between tries, in milliseconds; `min_ms` is the upper end of the first."""

    min_ms: float = 500
    max_ms: float = 4_000

    def delay_ms(self, attempt: int, chance: Callable[[], float] = random.random) -> float:
        """Full jitter: agents that lost the same gateway must not come back in step. `attempt` counts from 0."""
        return chance() * min(self.max_ms, self.min_ms * 2.0 ** min(attempt, 20))


async def retry(work: Callable[[], Awaitable[T]], backoff: Backoff) -> T:
    """Repeats across failures that pass, after the server's hint or else with backoff."""
    attempt = 0
    while True:
        try:
            return await work()
        except MessengerError as error:
            if not error.is_temporary:
                raise
            hint = error.retry_after_ms
            await asyncio.sleep((backoff.delay_ms(attempt) if hint is None else hint) / 1_000)
            attempt += 1
