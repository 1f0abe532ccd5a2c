"""Handlers that are not `async`."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any


async def on_thread(work: Callable[[], Any]) -> Any:
    """As `work`, on a thread of its own that does not keep the process: nobody can end one that hangs."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = (context.run(work), None)
        except BaseException as error:
            outcome = (None, _raisable(error))
        try:
            loop.call_soon_threadsafe(settle, *outcome)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            pass

    context = contextvars.copy_context()
    threading.Thread(target=run, name="agent-messenger-handler", daemon=True).start()
    return await future


def _raisable(error: BaseException) -> BaseException:
    """What would end a generator or a program cannot be raised by a future."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"the handler raised {error!r}")
