"""An identity's connection, its changes and its positions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .backoff import Backoff
from .connection.network_thread import NetworkOptions, NetworkThread
from .endpoints import Endpoints
from .errors import MessengerError
from .listeners import Listener, Listeners
from .log.positions import Positions, PositionsOptions
from .log.received import ReceivedReporter
from .objects import Actor, Json
from .outbox import Outbox
from .rest import Rest

logger = logging.getLogger("agent_messenger")

SYNC_PAGE = 200
#: That much even a close without a deadline waits for.
LAST_REPORT_S = 1.0
KNOWN_EVENTS = {
    "conversation.created",
    "conversation.updated",
    "conversation.deleted",
    "member.added",
    "member.removed",
    "message.created",
    "message.edited",
    "message.deleted",
    "reaction.set",
    "action.chosen",
}


@dataclass(frozen=True, slots=True)
class SessionOptions:
    url: str | Sequence[str]
    api_key: str
    backoff: Backoff
    connect_timeout_s: float
    request_timeout_s: float
    outbox_limit: int


class Session:
    """Belongs to the event loop on which it is made."""

    def __init__(
        self,
        options: SessionOptions,
        deliver: Callable[[Json], Awaitable[None]],
    ) -> None:
        self._options = options
        self._deliver = deliver
        endpoints = Endpoints(options.url)
        self.rest = Rest(endpoints)
        self._network = NetworkThread(
            NetworkOptions(
                endpoints=endpoints,
                fetch_token=self._fetch_token,
                backoff=options.backoff,
                request_timeout_s=options.request_timeout_s,
                take=self._take,
                ended=self._ended,
            )
        )
        self.outbox = Outbox(self._network.request_until_answered, options.outbox_limit)
        self._received = ReceivedReporter(
            lambda id, seq: self._network.emit("received", {"conversation_id": id, "seq": seq})
        )
        self.positions = Positions(
            PositionsOptions(
                fetch=self.read_log,
                deliver=self._handle,
                on_taken=self._received.taken,
                on_error=self._position_failed,
            )
        )
        self._identity: Actor | None = None
        self._log_id: str | None = None
        self._listeners = Listeners()
        #: Why it is over for good.
        self.over: asyncio.Future[MessengerError] = asyncio.get_running_loop().create_future()
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def identity(self) -> Actor:
        if self._identity is None:
            raise MessengerError("disconnected", "not connected yet")
        return self._identity

    @property
    def backoff(self) -> Backoff:
        return self._options.backoff

    @property
    def is_over(self) -> bool:
        return self.over.done()

    async def start(self) -> None:
        """Raises when refused, or when it is not connected after `connect_timeout_s`."""
        await self._network.start()
        waited: set[asyncio.Future[Any]] = {self._connected, self.over}
        await asyncio.wait(
            waited,
            timeout=self._options.connect_timeout_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._connected.done():
            return
        late = self._network.last_error or MessengerError("timeout", "not connected in time")
        error = self.over.result() if self.over.done() else late
        await self._network.close()
        raise error

    def on(self, name: str, listener: Listener) -> Callable[[], None]:
        """Listens to what the server says, ahead of every handler. Returns what ends it."""
        return self._listeners.add(name, listener)

    async def request(self, name: str, payload: Mapping[str, Any]) -> Any:
        """One request of the contract, tried once."""
        return await self._network.request(name, payload)

    async def request_until_answered(self, name: str, payload: Mapping[str, Any]) -> Any:
        return await self._network.request_until_answered(name, payload)

    def emit(self, name: str, payload: Mapping[str, Any]) -> bool:
        return self._network.emit(name, payload)

    async def read_log(self, conversation_id: str, after_seq: int) -> Json:
        """A page of a conversation's log; waits for a connection if need be."""
        request = {"conversation_id": conversation_id, "after_seq": after_seq, "limit": SYNC_PAGE}
        page: Json = await self._network.request_until_answered("sync", request)
        self._note_log(page["log_id"])
        return page

    async def token(self) -> str:
        """That of the connection."""
        return await self._network.token()

    async def close(self, deadline_s: float) -> None:
        """Waits for acks, at most so long; what has none by then is raised as `closed`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_s
        await _settled_within(self.outbox.idle(), deadline_s)
        await _settled_within(self._report_last(), max(LAST_REPORT_S, until - loop.time()))
        await self._network.close()

    async def _report_last(self) -> None:
        """Until the store has what was taken: whoever connects next as this agent must not get it again.

        A session without a connection does not wait for one.
        """
        if not self._network.is_connected:
            return
        due = self._received.drain().items()
        requests = (
            self.request_until_answered("received", {"conversation_id": id, "seq": seq})
            for id, seq in due
        )
        await asyncio.gather(*requests, return_exceptions=True)

    async def _fetch_token(self) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await self.rest.request(
            "POST", "/auth/agent/token", self._options.api_key
        )
        return answer

    def _take(self, name: str, data: Any) -> None:
        if name == "event":
            self._listeners.tell(name, data)
            self.positions.offer(data)
            return
        if name == "behind":
            self.positions.reach(*data)
        elif name == "connected":
            self._identity = Actor(data["identity"]["kind"], data["identity"]["id"])
            self._note_log(data["log_id"])
            self._received.flush()
            if not self._connected.done():
                self._connected.set_result(None)
        elif name == "disconnected":
            error, again = data
            logger.info("disconnected: %s%s", error, "" if again else "; stays away")
        self._listeners.tell(name, data)

    def _ended(self, error: MessengerError) -> None:
        if not self.over.done():
            self.over.set_result(error)

    async def _handle(self, event: Json) -> None:
        if event["type"] in KNOWN_EVENTS:
            await self._deliver(event)

    def _note_log(self, log_id: str) -> None:
        """Another log, after a restore: what was known of positions does not hold."""
        if self._log_id not in (None, log_id):
            self.positions.reset()
            self._received.drain()
        self._log_id = log_id

    def _position_failed(self, error: Exception, conversation_id: str) -> None:
        code = error.code if isinstance(error, MessengerError) else None
        if code == "not_found":
            # No longer a member, and nothing left to read.
            self.positions.forget(conversation_id)
        elif code != "closed" and not self.is_over:
            logger.error("the log of %s could not be followed", conversation_id, exc_info=error)


async def _settled_within(work: Awaitable[object], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work
