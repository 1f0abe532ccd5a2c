"""The connection on a thread of its own: a handler that blocks its event loop keeps no ping from being answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..backoff import Backoff
from ..endpoints import Endpoints
from ..errors import MessengerError, closed
from .connection import Connection, ConnectionOptions
from .inbox import Inbox
from .tokens import Tokens

T = TypeVar("T")

#: Until the thread is left to itself, which does not keep the process.
JOIN_S = 3.0


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    endpoints: Endpoints
    fetch_token: Callable[[], Coroutine[Any, Any, Mapping[str, Any]]]
    backoff: Backoff
    request_timeout_s: float
    #: Called on the application's event loop, with what the server said, in order.
    take: Callable[[str, Any], None]
    #: Called there as well, once: over for good.
    ended: Callable[[MessengerError], None]


class NetworkThread:
    def __init__(self, options: NetworkOptions) -> None:
        self._options = options
        self._application = asyncio.get_running_loop()
        self._inbox = Inbox(self._wake)
        self._ready: asyncio.Future[None] = self._application.create_future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._over: MessengerError | None = None
        self._thread = threading.Thread(target=self._main, name="agent-messenger", daemon=True)

    async def start(self) -> None:
        """Returns when it tries to connect."""
        self._thread.start()
        await self._ready

    @property
    def last_error(self) -> MessengerError | None:
        return self._connection.last_error if self._connection else None

    @property
    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_connected

    async def request(self, name: str, payload: Mapping[str, Any]) -> Any:
        return await self._there(lambda connection: connection.request(name, payload))

    async def request_until_answered(self, name: str, payload: Mapping[str, Any]) -> Any:
        return await self._there(
            lambda connection: connection.request_until_answered(name, payload)
        )

    async def token(self) -> str:
        return await self._there(lambda connection: connection.token())

    def emit(self, name: str, payload: Mapping[str, Any]) -> bool:
        """False when there is no connection: nothing is sent. One that breaks now may lose it all the same."""
        connection, loop = self._connection, self._loop
        if connection is None or loop is None or not self.is_connected:
            return False
        try:
            loop.call_soon_threadsafe(connection.emit, name, payload)
        except RuntimeError:
            # The loop is closed.
            return False
        return True

    async def close(self) -> None:
        if self._loop and self._connection and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._connection.close)
            except RuntimeError:
                return
        await asyncio.to_thread(self._thread.join, JOIN_S)

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception as error:
            # A fault of this library, whose traceback is shown: who waits is told all the same.
            self._over = MessengerError("internal", f"the connection ended: {error!r}")
            raise
        finally:
            over = self._over or closed()
            self._tell(self._is_ready)
            self._tell(lambda: self._options.ended(over))

    async def _run(self) -> None:
        options = self._options
        self._loop = asyncio.get_running_loop()
        self._connection = Connection(
            ConnectionOptions(
                endpoints=options.endpoints,
                tokens=Tokens(options.fetch_token),
                backoff=options.backoff,
                request_timeout_s=options.request_timeout_s,
                hear=self._inbox.put,
                lost=lambda error, again: self._inbox.put("disconnected", (error, again)),
            )
        )
        self._tell(self._is_ready)
        self._over = await self._connection.run()

    async def _there(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Awaits on the application's loop what is done on the thread's."""
        connection, loop = self._connection, self._loop
        if connection is None or loop is None or self._over is not None:
            raise self._over or closed()
        coroutine = work(connection)
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:
            coroutine.close()
            raise self._over or closed() from None
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # Ours, or that of the loop there, which ended meanwhile?
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._over or closed() from None

    def _is_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _wake(self) -> None:
        self._tell(self._drain)

    def _drain(self) -> None:
        for name, data in self._inbox.take():
            self._options.take(name, data)

    def _tell(self, what: Callable[[], object]) -> None:
        try:
            self._application.call_soon_threadsafe(what)
        except RuntimeError:
            # The application's loop is closed: nobody is left who wants to hear.
            pass
