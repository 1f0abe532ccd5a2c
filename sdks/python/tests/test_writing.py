"""The vectors of what an agent writes."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Mapping
from typing import Any, cast

from agent_messenger import Message, MessengerError, Reply
from agent_messenger.handlers.tell_failure import tell_failure
from agent_messenger.objects import message_of
from agent_messenger.outbox import Outbox
from agent_messenger.session import Session
from agent_messenger.streams.agent_stream import AgentStream
from agent_messenger.streams.outcome import StreamTarget
from fake_session import INCOMING, FakeSession, parts_of, runs_of
from vectors import vectors


async def say(what: str, conversation: Reply) -> None:
    if what == "send":
        await conversation.send("text")
    elif what == "own":
        await conversation.send("text", client_id="own")
    elif what == "stream":
        async with conversation.stream() as stream:
            stream.append("text")
    elif what == "ask":
        assert await conversation.ask("Well?", ["yes"]) == "yes"
    else:
        raise ValueError("it fails")


class WritingTest(unittest.IsolatedAsyncioTestCase):
    async def test_client_ids(self) -> None:
        for case in vectors("client-ids"):
            with self.subTest(case["name"]):
                session = FakeSession()
                parts = parts_of(session)

                async def handle(_: Message, conversation: Reply) -> None:
                    for what in case["says"]:
                        await say(what, conversation)

                message = message_of(INCOMING)
                failure = await runs_of(handle, parts=parts).run(message)
                if failure is not None:
                    await tell_failure(parts, message, failure)
                self.assertEqual(session.client_ids, case["client_ids"])


class StreamTest(unittest.IsolatedAsyncioTestCase):
    async def test_outcomes(self) -> None:
        for case in vectors("stream-outcomes"):
            with self.subTest(case["name"]):
                session = RefusingSession(case["answers"])
                target = StreamTarget("cnv_1", "s-1", None, session.request_until_answered)
                stream = AgentStream(
                    cast(Session, session), target, asyncio.ensure_future, lambda _: None
                )
                # Its start has its answer.
                await turns()
                for what, *text in case["does"]:
                    await carry_out(stream, what, text)
                self.assertEqual(session.asked, case["asks"])
                self.assertTrue(stream.is_over)


class RefusingSession(FakeSession):
    def __init__(self, answers: Mapping[str, list[str]]) -> None:
        super().__init__()
        self._answers = {name: list(codes) for name, codes in answers.items()}
        self.asked: list[list[Any]] = []

    async def request_until_answered(self, name: str, payload: Mapping[str, Any]) -> Any:
        ids = ("conversation_id", "stream_id", "client_id")
        if name != "stream:start":
            self.asked.append([name, {key: payload[key] for key in payload if key not in ids}])
        codes = self._answers.get(name)
        if codes:
            raise MessengerError(codes.pop(0), "refused")
        return await super().request_until_answered(name, payload)


async def carry_out(stream: AgentStream, what: str, text: list[str]) -> None:
    if what == "append":
        stream.append(*text)
    elif what == "stop":
        stream.stop()
    elif what == "end":
        await stream.end()
    elif what == "endStopped":
        await stream.end_stopped()
    elif what == "fail":
        await stream.fail(*text)


class OutboxTest(unittest.IsolatedAsyncioTestCase):
    async def test_order(self) -> None:
        for case in vectors("outbox"):
            with self.subTest(case["name"]):
                await self.carry_out(case)

    async def carry_out(self, case: dict[str, Any]) -> None:
        begun: list[str] = []
        refused: list[str] = []
        answers: list[asyncio.Future[Mapping[str, Any]]] = []

        async def deliver(_: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
            begun.append(payload["content"])
            answers.append(asyncio.get_running_loop().create_future())
            return await answers[-1]

        outbox = Outbox(deliver, case["limit"])

        async def add(conversation_id: str, content: str) -> None:
            try:
                change = {"conversation_id": conversation_id, "content": content}
                await outbox.add("message:send", change)
            except MessengerError:
                refused.append(content)

        tasks = [asyncio.create_task(add(*change)) for change in case["adds"]]
        await turns()
        self.assertEqual(begun, case["started"])
        self.assertEqual(refused, case["refused"])
        while answers:
            answers.pop(0).set_result({})
            await turns()
        self.assertEqual(begun[len(case["started"]) :], case["then"])
        await asyncio.gather(*tasks)


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


if __name__ == "__main__":
    unittest.main()
