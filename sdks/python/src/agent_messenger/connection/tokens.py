"""The access token that an API key is exchanged for, so that a reconnect storm costs the server no hashing."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import MessengerError

#: Of its life, before it is renewed.
SHARE = 0.75


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    renew_at: float


class Tokens:
    def __init__(self, fetch: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        self._fetch = fetch
        self._kept: _Kept | None = None

    @property
    def kept(self) -> str | None:
        return self._kept.token if self._kept else None

    @property
    def renew_in_s(self) -> float:
        return max(0.0, self._kept.renew_at - time.monotonic()) if self._kept else 0.0

    async def current(self) -> str:
        if self._kept is None or self._kept.renew_at <= time.monotonic():
            asked_at = time.monotonic()
            answer = await self._fetch()
            try:
                life = float(answer["expires_in"])
                self._kept = _Kept(str(answer["access_token"]), asked_at + life * SHARE)
            except (KeyError, TypeError, ValueError) as error:
                raise MessengerError("unavailable", "the answer has no access token") from error
        return self._kept.token

    def discard(self, token: str) -> None:
        """It was refused."""
        if self.kept == token:
            self._kept = None
