from __future__ import annotations

import asyncio
import unittest
from typing import Any

from agent_messenger.backoff import Backoff
from agent_messenger.errors import MessengerError
from agent_messenger.log.positions import Positions, PositionsOptions
from agent_messenger.questions.answer import actions_of, answer_in
from agent_messenger.streams.buffer import StreamBuffer
from vectors import vectors


class Vectors(unittest.TestCase):
    def test_stream_buffer(self) -> None:
        for case in vectors("stream-buffer"):
            with self.subTest(case["name"]):
                buffer = StreamBuffer()
                for text, piece in zip(case["adds"], case["pieces"], strict=True):
                    buffer.add(text)
                    self.assertEqual(sent(buffer), piece)
                buffer.close()
                self.assertEqual(sent(buffer), case["closed"])
                self.assertEqual(buffer.length, case["length"])

    def test_ask_replies(self) -> None:
        for case in vectors("ask-replies"):
            with self.subTest(case["name"]):
                question = {
                    "id": "msg_1",
                    "conversation_id": "cnv_1",
                    "seq": 3,
                    "actions": case["actions"],
                }
                event = {
                    "type": "message.created",
                    "conversation_id": "cnv_1",
                    "seq": 4,
                    "message": {
                        "id": "msg_2",
                        "sender": {"kind": "user", "id": "usr_1"},
                        "content": case["reply"],
                    },
                }
                answer = answer_in(event, question)
                self.assertEqual(answer and answer.action_id, case["answer"])
                self.assertIsNone(answer_in({**event, "seq": 2}, question))

    def test_ask_actions(self) -> None:
        for case in vectors("ask-actions"):
            with self.subTest(case["name"]):
                self.assertEqual(actions_of(case["options"]), case["actions"])

    def test_backoff(self) -> None:
        for case in vectors("backoff"):
            with self.subTest(case["name"]):
                backoff = Backoff(case["min_ms"], case["max_ms"])
                delay = backoff.delay_ms(case["attempt"], lambda: float(case["chance"]))
                self.assertEqual(delay, case["delay_ms"])

    def test_errors(self) -> None:
        for case in vectors("errors"):
            with self.subTest(case["name"]):
                error = MessengerError(case["name"], "it failed")
                self.assertEqual(error.is_temporary, case["temporary"])
                self.assertEqual(error.is_final, case["final"])


class LogVectors(unittest.IsolatedAsyncioTestCase):
    async def test_positions(self) -> None:
        for case in vectors("positions"):
            with self.subTest(case["name"]):
                delivered, received = await follow(case["log"], case["offers"])
                self.assertEqual(delivered, case["delivered"])
                self.assertEqual(received, case["received"])


def sent(buffer: StreamBuffer) -> dict[str, Any] | None:
    piece = buffer.next()
    return None if piece is None else {"offset": piece.offset, "text": piece.text}


async def follow(log: list[int], offers: list[int]) -> tuple[list[int], int]:
    def event(seq: int) -> dict[str, Any]:
        return {"conversation_id": "cnv_1", "seq": seq, "type": "any"}

    delivered: list[int] = []
    taken: list[int] = [0]

    async def fetch(_: str, after_seq: int) -> dict[str, Any]:
        events = [event(seq) for seq in log if seq > after_seq]
        return {"events": events, "last_seq": max([after_seq, *log])}

    async def deliver(got: Any) -> None:
        delivered.append(got["seq"])

    def fail(error: Exception, _: str) -> None:
        raise error

    positions = Positions(
        PositionsOptions(fetch, deliver, lambda _, seq: taken.append(seq), fail)
    )
    for seq in offers:
        positions.offer(event(seq))
        await asyncio.sleep(0)
    await positions.idle()
    return delivered, taken[-1]


if __name__ == "__main__":
    unittest.main()
