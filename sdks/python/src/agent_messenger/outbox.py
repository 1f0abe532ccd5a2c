"""Changes that wait for their ack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .errors import MessengerError

Deliver = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Outbox:
    """One per conversation is under way, so that the log has them in the order in which they were made.

    Whatever is repeated: a repeated send carries the same client_id and doubles nothing. `deliver` repeats until there
    is an answer; it raises a refusal, or the end.
    """

    def __init__(self, deliver: Deliver, limit: int) -> None:
        self._deliver = deliver
        self._limit = limit
        self._size = 0
        #: The last change of each conversation.
        self._tails: dict[str, asyncio.Task[Mapping[str, Any]]] = {}

    async def add(self, name: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its ack. Who stops to wait for it takes nothing back."""
        if self._size >= self._limit:
            raise MessengerError("outbox_full", f"{self._limit} changes already wait for their ack")
        self._size += 1
        conversation_id: str = payload["conversation_id"]
        before = self._tails.get(conversation_id)
        task = asyncio.create_task(self._after(before, name, payload))
        self._tails[conversation_id] = task
        task.add_done_callback(lambda done: self._done(conversation_id, done))
        return await asyncio.shield(task)

    async def idle(self) -> None:
        """Returns when everything that waits now has its answer."""
        await asyncio.gather(*self._tails.values(), return_exceptions=True)

    async def _after(
        self,
        before: asyncio.Task[Mapping[str, Any]] | None,
        name: str,
        payload: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        if before is not None:
            await asyncio.wait([before])
        return await self._deliver(name, payload)

    def _done(self, conversation_id: str, task: asyncio.Task[Mapping[str, Any]]) -> None:
        self._size -= 1
        if self._tails.get(conversation_id) is task:
            del self._tails[conversation_id]
        if not task.cancelled():
            # Whoever waits hears of it; that nobody does any more is no error.
            task.exception()
