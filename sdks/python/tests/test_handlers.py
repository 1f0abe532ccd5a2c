from __future__ import annotations

import asyncio
import threading
import unittest
from collections.abc import Mapping
from typing import Any

from agent_messenger import Message, MessengerError, Reply
from agent_messenger.handlers.run import HandlerTimeout
from agent_messenger.handlers.tell_failure import tell_failure
from agent_messenger.objects import message_of
from fake_session import INCOMING, FakeSession, parts_of, runs_of


class HandlersTest(unittest.IsolatedAsyncioTestCase):
    async def test_one_that_is_not_async_keeps_nobody_waiting(self) -> None:
        both = threading.Barrier(2, timeout=10)

        def handle(_: Message, __: Reply) -> str:
            # Returns only while another one runs.
            both.wait()
            return "answer"

        runs = runs_of(handle)
        message = message_of(INCOMING)
        failures = await asyncio.gather(runs.run(message), runs.run(message))
        self.assertEqual(failures, [None, None])

    async def test_one_that_hangs_is_given_up(self) -> None:
        release = threading.Event()
        for handle in (hang, lambda _, __: release.wait()):
            failure = await runs_of(handle, timeout_s=0.05).run(message_of(INCOMING))
            self.assertIsInstance(failure, HandlerTimeout)
        release.set()

    async def test_one_that_fails_runs_four_times(self) -> None:
        runs: list[int] = []

        async def handle(*_: Any) -> None:
            runs.append(1)
            raise ValueError("no model")

        failure = await runs_of(handle).run(message_of(INCOMING))
        self.assertIsInstance(failure, ValueError)
        self.assertEqual(len(runs), 4)

    async def test_a_gateway_that_knows_no_failed_messages_gets_one_with_text(self) -> None:
        contents: list[str] = []

        class OldGateway(FakeSession):
            async def request_until_answered(self, name: str, payload: Mapping[str, Any]) -> Any:
                contents.append(payload["content"])
                if payload["content"] == "":
                    raise MessengerError("invalid_payload", "content: too short")
                return await super().request_until_answered(name, payload)

        parts = parts_of(OldGateway())
        await tell_failure(parts, message_of(INCOMING), ValueError("no model"))
        self.assertEqual(contents, ["", "The agent could not answer this message."])

    async def test_waiting_for_a_person_costs_neither_time_nor_its_place(self) -> None:
        chosen = asyncio.Event()

        async def handle(message: Message, conversation: Reply) -> None:
            if message.id == "msg_1":
                await conversation._run.pause(chosen.wait)

        runs = runs_of(handle, timeout_s=0.1, concurrency=1)
        asking = asyncio.create_task(runs.run(message_of(INCOMING)))
        other = message_of({**INCOMING, "id": "msg_2"})
        until = asyncio.get_running_loop().time() + 0.2
        while asyncio.get_running_loop().time() < until:
            self.assertIsNone(await runs.run(other))
        chosen.set()
        self.assertIsNone(await asking)


async def hang(_: Message, __: Reply) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    unittest.main()
