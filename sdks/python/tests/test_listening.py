"""What a program is told besides its messages."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from agent_messenger import Agent, Event
from fake_session import INCOMING


class ListeningTest(unittest.TestCase):
    def agent(self) -> Agent:
        return Agent("http://127.0.0.1:8080", api_key="amk_1")

    def test_each_event_is_told_whatever_other_listeners_do(self) -> None:
        agent = self.agent()
        told: list[Event] = []

        def fail(_: Any) -> None:
            raise ValueError("not me")

        agent.on("event", fail)
        stop = agent.on("event", told.append)
        event = {"conversation_id": "cnv_1", "seq": 2, "type": "message.deleted", "message": INCOMING}
        with self.assertLogs("agent_messenger", "ERROR"):
            asyncio.run(agent._deliver(event))
            stop()
            asyncio.run(agent._deliver(event))
        self.assertEqual([(each.type, each.seq) for each in told], [("message.deleted", 2)])
        self.assertEqual(told[0].message and told[0].message.id, "msg_1")

    def test_a_name_that_nobody_is_told_of_is_an_error(self) -> None:
        with self.assertRaisesRegex(ValueError, "nobody is told of 'mesage'"):
            self.agent().on("mesage", lambda _: None)


if __name__ == "__main__":
    unittest.main()
