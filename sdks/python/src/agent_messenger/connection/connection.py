"""One connection after another, until it is closed, replaced or refused for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..backoff import Backoff, retry
from ..endpoints import Endpoints
from ..errors import MessengerError, closed
from .socket import Ending, Socket
from .tokens import Tokens

#: A connection that lived this long was a good one: the next backoff starts from the beginning.
STABLE_S = 5.0
#: However short a token's life, it is not renewed more often than this.
MIN_RENEWAL_S = 1.0


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    endpoints: Endpoints
    tokens: Tokens
    backoff: Backoff
    request_timeout_s: float
    #: What the server says.
    hear: Callable[[str, Any], None]
    #: The connection is lost, and whether it is being restored.
    lost: Callable[[MessengerError, bool], None]


class Connection:
    """Belongs to one event loop: that on which `run` is awaited."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._socket: Socket | None = None
        self._connected = asyncio.Event()
        self._ended: MessengerError | None = None
        self._running: asyncio.Task[Any] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self.last_error: MessengerError | None = None

    async def run(self) -> MessengerError:
        """Returns why it is over for good."""
        self._running = asyncio.current_task()
        failures = 0
        try:
            while True:
                ending = await self._connect_once()
                self.last_error = ending.error
                if ending.connected_s >= STABLE_S:
                    failures = 0
                if not ending.reconnect:
                    return self._end(ending.error)
                self._options.endpoints.rotate()
                if ending.delay_s is not None:
                    await asyncio.sleep(ending.delay_s)
                else:
                    await asyncio.sleep(self._options.backoff.delay_ms(failures) / 1_000)
                    failures += 1
        except asyncio.CancelledError:
            return self._end(closed())

    def close(self) -> None:
        if self._running:
            self._running.cancel()

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    async def token(self) -> str:
        return await self._options.tokens.current()

    async def request(self, name: str, payload: Mapping[str, Any]) -> Any:
        """One try: raises `disconnected` or `timeout` when no answer came."""
        if self._ended:
            raise self._ended
        if self._socket is None:
            raise MessengerError("disconnected", "not connected")
        return await self._socket.request(name, payload, self._options.request_timeout_s)

    async def request_until_answered(self, name: str, payload: Mapping[str, Any]) -> Any:
        """Repeats over as many connections as it takes. For requests that may be repeated."""
        return await retry(lambda: self._over_connections(name, payload), self._options.backoff)

    def emit(self, name: str, payload: Mapping[str, Any]) -> bool:
        """False when there is no connection: nothing was sent."""
        if self._socket is None:
            return False
        self._socket.emit(name, payload)
        return True

    async def _over_connections(self, name: str, payload: Mapping[str, Any]) -> Any:
        """A lost connection is waited for, not counted as a failure: reconnecting has a backoff of its own."""
        while True:
            await self._connected.wait()
            try:
                return await self.request(name, payload)
            except MessengerError as error:
                if error.code != "disconnected":
                    raise

    async def _connect_once(self) -> Ending:
        options = self._options
        kept = options.tokens.kept
        try:
            token = await options.tokens.current()
        except MessengerError as error:
            hint = error.retry_after_ms
            delay_s = None if hint is None else hint / 1_000
            return Ending(error, error.is_temporary, delay_s)
        hear: Callable[[str, Any], None] = lambda name, data: self._heard(socket, name, data)
        socket = Socket(options.endpoints.socket, token, hear)
        try:
            ending = await socket.run()
        finally:
            was_connected = self._socket is not None
            self._socket = None
            self._connected.clear()
            if self._renewal:
                self._renewal.cancel()
        is_aged = options.tokens.renew_in_s == 0
        if ending.error.code in ("token_expired", "unauthorized"):
            options.tokens.discard(token)
        # Maybe for its age: from before, or that came while the machine was busy. A new one tells.
        if ending.error.code == "unauthorized" and ending.connected_s == 0:
            if token == kept:
                return Ending(ending.error, reconnect=True, delay_s=0.0)
            if is_aged:
                return Ending(ending.error, reconnect=True)
        if was_connected:
            options.lost(ending.error, ending.reconnect)
        return ending

    def _heard(self, socket: Socket, name: str, data: Any) -> None:
        if name == "connected":
            self._socket = socket
            self._connected.set()
            self._renewal = asyncio.create_task(self._keep_authorized())
        self._options.hear(name, data)

    async def _keep_authorized(self) -> None:
        """A socket does not outlive its token: hands over a new one in time."""
        tokens, backoff = self._options.tokens, self._options.backoff
        failures = 0
        while True:
            due_s = max(tokens.renew_in_s, MIN_RENEWAL_S)
            await asyncio.sleep(backoff.delay_ms(failures) / 1_000 if failures else due_s)
            try:
                await self.request("auth:refresh", {"token": await tokens.current()})
                failures = 0
            except MessengerError as error:
                # Refused: the server ends the socket at its token's expiry, and the next handshake tells why.
                if not error.is_temporary:
                    return
                failures += 1

    def _end(self, error: MessengerError) -> MessengerError:
        self._ended = error
        # Who waits for a connection asks once more, and is told.
        self._connected.set()
        return error
