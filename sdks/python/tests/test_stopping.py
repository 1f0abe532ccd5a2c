"""A person stops an answer: what was written is the answer, however the handler takes it."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from agent_messenger import Message, Reply
from agent_messenger.objects import message_of
from agent_messenger.streams.agent_stream import AgentStream
from fake_session import INCOMING, FakeSession, parts_of, runs_of


class StoppingTest(unittest.IsolatedAsyncioTestCase):
    async def stop(self, write: Any) -> tuple[Exception | None, list[str]]:
        """The failure of the run, and what was committed."""
        session = FakeSession()
        begun: asyncio.Future[AgentStream] = asyncio.get_running_loop().create_future()

        async def handle(_: Message, conversation: Reply) -> None:
            stream = conversation.stream()
            stream.append("once")
            await write(stream, lambda: begun.set_result(stream))

        runs = runs_of(handle, parts=parts_of(session))
        run = asyncio.create_task(runs.run(message_of(INCOMING)))
        (await begun).stop()
        return await run, session.client_ids

    async def test_a_block_is_left(self) -> None:
        async def write(stream: AgentStream, begin: Any) -> None:
            async with stream:
                begin()
                await asyncio.Event().wait()

        self.assertEqual(await self.stop(write), (None, ["msg_1:1"]))

    async def test_a_block_that_makes_an_error_of_it(self) -> None:
        async def write(stream: AgentStream, begin: Any) -> None:
            async with stream:
                begin()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    raise ValueError("the model was interrupted") from None

        self.assertEqual(await self.stop(write), (None, ["msg_1:1"]))

    async def test_a_handler_goes_on_behind_the_block(self) -> None:
        behind: list[bool] = []

        async def write(stream: AgentStream, begin: Any) -> None:
            async with stream:
                begin()
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            behind.append(stream.stopped.is_set())

        self.assertEqual(await self.stop(write), (None, ["msg_1:1"]))
        self.assertEqual(behind, [True])

    async def test_without_a_block_an_error_after_the_stop_is_none(self) -> None:
        async def write(stream: AgentStream, begin: Any) -> None:
            begin()
            await stream.stopped.wait()
            raise ValueError("interrupted")

        self.assertEqual(await self.stop(write), (None, ["msg_1:1"]))


if __name__ == "__main__":
    unittest.main()
