"""Runs the handler for a message until it has settled well, or has failed for good."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..conversations.parts import AgentParts
from ..conversations.reply import Reply
from ..errors import MessengerError, closed
from ..objects import Message
from .on_thread import on_thread
from .run import Deadline, HandlerTimeout, run_until

T = TypeVar("T")
Handler = Callable[[Message, Reply], Any]

RERUNS = 3


@dataclass(frozen=True, slots=True)
class RunsOptions:
    handler: Handler
    #: Of one run.
    timeout_s: float
    #: Handlers that run at once.
    concurrency: int


class HandlerRuns:
    def __init__(self, parts: AgentParts, options: RunsOptions) -> None:
        self._parts = parts
        self._session = parts.session
        self._options = options
        self._slots = asyncio.Semaphore(options.concurrency)
        self._is_stopping = False

    def stop(self) -> None:
        """No further run starts."""
        self._is_stopping = True

    async def run(self, message: Message) -> Exception | None:
        """The error of a handler that failed for good: three times more, or at once where it would come again.

        Raises `closed` when the agent is stopping: the message is handled after the restart.
        """
        reruns = 0
        while True:
            try:
                async with self._slots:
                    await self._once(message)
                await self._fail_left(message)
                return None
            except Exception as failure:
                # What fails because it is over is no fault of the handler.
                if self._is_stopping or self._session.is_over:
                    raise closed() from failure
                is_final = isinstance(failure, MessengerError) and failure.is_final
                if reruns == RERUNS or is_final or isinstance(failure, HandlerTimeout):
                    return failure
            await asyncio.sleep(self._session.backoff.delay_ms(reruns) / 1_000)
            reruns += 1

    async def _once(self, message: Message) -> None:
        if self._is_stopping:
            raise closed()
        deadline = Deadline(self._options.timeout_s)
        conversation = Reply(self._parts, message, _Run(deadline, self._slots))
        await run_until(self._settle(message, conversation), deadline)

    async def _fail_left(self, message: Message) -> None:
        """What an earlier run began to write, and this one did not write anew."""
        for stream in self._parts.streams.open_of(f"{message.id}:"):
            await stream.fail("The agent began another answer.")

    async def _settle(self, message: Message, conversation: Reply) -> None:
        """The handler, and all that it sent."""
        try:
            try:
                await self._handle(message, conversation)
            except Exception:
                # What a person has stopped is done, however the handler takes it.
                if not conversation.is_stopped:
                    raise
            await conversation.finish()
        finally:
            await conversation.settled()

    async def _handle(self, message: Message, conversation: Reply) -> None:
        handler = self._options.handler
        if inspect.iscoroutinefunction(handler):
            answer = await handler(message, conversation)
        else:
            answer = await on_thread(lambda: handler(message, conversation))
            if isinstance(answer, Awaitable):
                answer = await answer
        if isinstance(answer, str):
            await conversation.send(answer)


@dataclass(frozen=True, slots=True)
class _Run:
    deadline: Deadline
    slots: asyncio.Semaphore

    async def pause(self, work: Callable[[], Awaitable[T]]) -> T:
        self.deadline.suspend()
        self.slots.release()
        try:
            return await work()
        finally:
            await self.slots.acquire()
            self.deadline.resume()
