"""What answers in place of a gateway, or breaks off: a failure that passes, and no end of the connection's thread."""

from __future__ import annotations

import asyncio
import unittest

from agent_messenger.connection.tokens import Tokens
from agent_messenger.endpoints import Endpoints
from agent_messenger.errors import MessengerError
from agent_messenger.rest import Rest

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
ANSWERS = {
    "cut short": (HEAD + b"content-length: 100\r\n\r\n{", "unreachable"),
    "no HTTP": (b"220 mail.example ESMTP\r\n", "unreachable"),
    "nothing": (b"", "unreachable"),
    "a portal": (HEAD + b"content-length: 6\r\n\r\n<html>", "unavailable"),
    "another service": (HEAD + b"content-length: 2\r\n\r\n{}", "unavailable"),
    "an error that is cut": (
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 100\r\n\r\n{",
        "unavailable",
    ),
}


class RestTest(unittest.IsolatedAsyncioTestCase):
    async def error_of(self, answer: bytes) -> MessengerError:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            rest = Rest(Endpoints(f"http://127.0.0.1:{port}"))
            tokens = Tokens(lambda: rest.request("POST", "/auth/agent/token", "key"))
            with self.assertRaises(MessengerError) as raised:
                await tokens.current()
            return raised.exception
        finally:
            server.close()
            await server.wait_closed()

    async def test_an_answer_that_is_none(self) -> None:
        for name, (answer, code) in ANSWERS.items():
            with self.subTest(name):
                error = await self.error_of(answer)
                self.assertEqual((error.code, error.is_temporary), (code, True))
