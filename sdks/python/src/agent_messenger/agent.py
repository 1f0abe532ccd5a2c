"""An agent's connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from .backoff import Backoff
from .conversations.conversation import Conversation
from .conversations.parts import AgentParts
from .errors import MessengerError, closed
from .handlers.runs import Handler, HandlerRuns, RunsOptions
from .handlers.tell_failure import tell_failure
from .listeners import Listener, Listeners
from .objects import Actor, Json, Message, event_of, message_of
from .questions.questions import Questions
from .session import Session, SessionOptions
from .streams.agent_streams import AgentStreams

logger = logging.getLogger("agent_messenger")
H = TypeVar("H", bound=Handler)

#: What the server says to an agent, of which its program can be told.
TOLD = ("connected", "disconnected", "synced", "receipt", "typing", "presence")


class Agent:
    """Connects with an API key and answers messages.

    `url` is the address of a gateway, or several. `concurrency`: handlers that run at once; within a conversation
    they run one after another. `handler_timeout_s`: how long a run of the handler may take (10 minutes).
    `connect_timeout_s`: how long the first connection may take. `request_timeout_s`: how long a request waits for its
    ack before it is repeated. `outbox_limit`: changes that may wait for their ack at once.
    """

    def __init__(
        self,
        url: str | Sequence[str],
        *,
        api_key: str,
        concurrency: int = 64,
        handler_timeout_s: float = 600,
        connect_timeout_s: float = 30,
        request_timeout_s: float = 10,
        outbox_limit: int = 1_000,
        backoff: Backoff = Backoff(),
    ) -> None:
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self._options = SessionOptions(
            url=url,
            api_key=api_key,
            backoff=backoff,
            connect_timeout_s=connect_timeout_s,
            request_timeout_s=request_timeout_s,
            outbox_limit=outbox_limit,
        )
        self._concurrency = concurrency
        self._timeout_s = handler_timeout_s
        self._handler: Handler | None = None
        self._parts_or_none: AgentParts | None = None
        self._runs: HandlerRuns | None = None
        self._status: str | None = None
        self._listeners = Listeners()

    def on(self, name: str, listener: Listener) -> Callable[[], None]:
        """Listens, from before `start` if need be. Returns what ends it.

        `event`: each event of the log of each conversation, in order, as an `Event`, and ahead of the handler; again
        after a restart until it counts as received. `disconnected`: the error. `connected`, `synced`, `receipt`,
        `typing`, `presence`: what the server says, as the protocol has it.
        """
        if name not in ("event", *TOLD):
            raise ValueError(f"nobody is told of {name!r}: event, {', '.join(TOLD)}")
        return self._listeners.add(name, listener)

    async def request(self, name: str, payload: Mapping[str, Any]) -> Any:
        """One request of the protocol, tried once."""
        return await self._session.request(name, payload)

    def on_message(self, handler: H) -> H:
        """The one handler for all messages; usable as a decorator.

        A message counts as received when its handler and all that it sent have settled. What the handler returns is
        sent when it is a string. A handler that raises runs again three times, unless the refusal is one that would
        come again or the time was over; then the person sees that there is no answer, and the message is passed over.
        One that is not `async` runs on a thread.
        """
        self._handler = handler
        return handler

    @property
    def identity(self) -> Actor:
        return self._session.identity

    def conversation(self, id: str) -> Conversation:
        return Conversation(self._parts, id)

    async def start(self) -> None:
        """Connects; raises when the key is refused, or after `connect_timeout_s`."""
        if self._handler is None:
            raise RuntimeError("on_message was not called: messages would be seen by nobody")
        session = Session(self._options, self._deliver)
        options = RunsOptions(self._handler, self._timeout_s, self._concurrency)
        parts = AgentParts(session, AgentStreams(session), Questions(session))
        self._runs = HandlerRuns(parts, options)
        self._parts_or_none = parts
        session.on("connected", lambda _: self._tell_status_again())
        for name in TOLD:
            session.on(name, partial(self._told, name))
        await session.start()

    async def wait_ended(self) -> MessengerError:
        """Returns why it is over for good: `closed`, `replaced`, `revoked`, or a refusal."""
        return await asyncio.shield(self._session.over)

    async def set_status(self, status: str) -> None:
        """`online`, `busy` or `idle`; told again after a reconnect."""
        self._status = status
        await self._session.request_until_answered("status:set", {"status": status})

    async def close(self, deadline_s: float = 10) -> None:
        """Starts no further handler; waits for those that run, at most so long."""
        session = self._session
        if self._runs:
            self._runs.stop()
        self._parts.questions.stop()
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await session.positions.idle()
        await session.close(max(0.0, until - loop.time()))

    def run(self) -> None:
        """Connects and answers until SIGINT or SIGTERM; exits with 1 when it is over for another reason."""
        error = asyncio.run(self._main())
        if error is None:
            return
        sys.stderr.write(f"agent-messenger: it is over ({error.code}): {error.message}\n")
        raise SystemExit(1)

    async def _main(self) -> MessengerError | None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            # Elsewhere than on Unix Ctrl-C interrupts as usual.
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(name, stopped.set)
        try:
            await self.start()
        except MessengerError as error:
            return error
        stop = asyncio.create_task(stopped.wait())
        ended = asyncio.create_task(self.wait_ended())
        await asyncio.wait([stop, ended], return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        await self.close()
        return None

    @property
    def _parts(self) -> AgentParts:
        if self._parts_or_none is None:
            raise MessengerError("disconnected", "not started yet")
        return self._parts_or_none

    @property
    def _session(self) -> Session:
        return self._parts.session

    def _tell_status_again(self) -> None:
        """It lives with the connection's lease: a new connection begins as online."""
        if self._status is not None:
            self._session.emit("status:set", {"status": self._status})

    def _told(self, name: str, data: Any) -> None:
        self._listeners.tell(name, data[0] if name == "disconnected" else data)

    async def _deliver(self, event: Json) -> None:
        self._listeners.tell("event", event_of(event))
        if event["type"] != "message.created" or self._runs is None:
            return
        message = message_of(event["message"])
        if message.is_deleted or message.sender.id == self.identity.id:
            return
        if self._parts.questions.is_reply(message.id):
            return
        failure = await self._runs.run(message)
        if failure is not None:
            await self._failed(message, failure)

    async def _failed(self, message: Message, failure: Exception) -> None:
        logger.error("the handler failed for %s", message.id, exc_info=failure)
        try:
            await tell_failure(self._parts, message, failure)
        except MessengerError as error:
            # Not told: the message is handled again after the restart.
            if self._session.is_over or error.code == "closed":
                raise closed() from error
            # The conversation is gone, or the gateway is an older one.
            logger.warning("nobody was told that %s failed: %s", message.id, error)
