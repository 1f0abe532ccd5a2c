"""What is heard of while the log is read is not lost."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from agent_messenger.log.positions import Page, Positions, PositionsOptions


def event(seq: int) -> dict[str, Any]:
    return {"conversation_id": "cnv_1", "seq": seq}


class PositionsTest(unittest.IsolatedAsyncioTestCase):
    async def test_what_arrives_while_an_empty_page_is_on_its_way_is_delivered(self) -> None:
        log = [event(1)]
        asked = asyncio.Event()
        arrive = asyncio.Event()
        delivered: list[int] = []

        async def fetch(_id: str, after_seq: int) -> Page:
            events = [each for each in log if each["seq"] > after_seq]
            asked.set()
            await arrive.wait()
            return {"events": events, "last_seq": after_seq + len(events)}

        async def deliver(taken: Any) -> None:
            delivered.append(taken["seq"])

        def failed(error: Exception, _id: str) -> None:
            raise error

        options = PositionsOptions(fetch, deliver, lambda _id, _seq: None, failed)
        positions = Positions(options)
        positions.offer(event(1))
        # A gap: the log is read, and its page has nothing of it yet.
        positions.offer(event(3))
        await asked.wait()
        log += [event(2), event(3), event(4)]
        positions.offer(event(4))
        arrive.set()
        await positions.idle()
        self.assertEqual(delivered, [1, 2, 3, 4])
