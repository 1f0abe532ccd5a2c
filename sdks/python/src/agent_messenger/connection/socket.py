"""One connection, as long as it lives."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import websockets
from websockets.exceptions import ConnectionClosed, WebSocketException

from ..errors import MessengerError, from_wire

#: Exported lazily, which type checkers do not see.
_connect: Any = getattr(websockets, "connect")

#: Connect, handshake and `connected` together.
HANDSHAKE_S = 10.0
#: How long a server that said `closing` or `replaced` has to close before we do.
CLOSE_S = 3.0
PING_INTERVAL_S = 30.0
PING_TIMEOUT_S = 10.0
#: What the server sends is at most 512 KiB a frame.
MAX_FRAME_BYTES = 2 * 1024 * 1024
#: Closes after which this agent stays away.
FINAL = {4401: "unauthorized", 4403: "forbidden", 4409: "replaced"}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended, and what to do next."""

    error: MessengerError
    reconnect: bool
    #: The server's hint; without one the agent backs off by itself.
    delay_s: float | None = None
    #: How long it was connected; 0 when it never was.
    connected_s: float = 0.0


class Socket:
    def __init__(self, url: str, token: str, hear: Callable[[str, Any], None]) -> None:
        self._url = url
        self._token = token
        self._hear = hear
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._requests = 0
        self._connected_at: float | None = None
        self._announced: Ending | None = None
        self._over = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> Ending:
        """Resolves when it is gone; raises nothing but cancellation."""
        self._set_timer(HANDSHAKE_S, _timed_out(self._url))
        life = asyncio.ensure_future(self._live())
        try:
            await asyncio.wait([life, self._over], return_when=asyncio.FIRST_COMPLETED)
            ending = self._announced or (life.result() if life.done() else self._over.result())
            now = time.monotonic()
            lived = 0.0 if self._connected_at is None else now - self._connected_at
            return Ending(ending.error, ending.reconnect, ending.delay_s, lived)
        finally:
            if self._timer:
                self._timer.cancel()
            life.cancel()
            self._lose()

    async def request(self, name: str, payload: Mapping[str, Any], timeout_s: float) -> Any:
        """The body of a positive ack."""
        self._requests += 1
        id = self._requests
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[id] = answer
        self._write({"type": name, "data": payload, "id": id})
        try:
            async with asyncio.timeout(timeout_s):
                data = await answer
        except TimeoutError:
            raise MessengerError("timeout", f"{name} was not answered in time") from None
        finally:
            self._answers.pop(id, None)
        if not data.get("ok"):
            raise from_wire(data.get("error", {}))
        return data

    def emit(self, name: str, payload: Mapping[str, Any]) -> None:
        """An event whose answer nobody needs."""
        self._write({"type": name, "data": payload})

    def _write(self, frame: Mapping[str, Any]) -> None:
        self._frames.put_nowait(json.dumps(frame, separators=(",", ":")))

    async def _live(self) -> Ending:
        try:
            async with _connect(
                self._url,
                compression=None,
                max_size=MAX_FRAME_BYTES,
                open_timeout=HANDSHAKE_S,
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PING_TIMEOUT_S,
                close_timeout=1,
            ) as socket:
                credentials = {"token": self._token, "protocol": 1, "compact": 1}
                await socket.send(json.dumps({"type": "auth", "data": credentials}))
                writing = asyncio.ensure_future(self._send_frames(socket))
                try:
                    async for text in socket:
                        self._take(text)
                finally:
                    writing.cancel()
                return _closed(socket.close_code, socket.close_reason)
        except ConnectionClosed as error:
            received = error.rcvd
            return _closed(received.code if received else None, received.reason if received else "")
        except WebSocketException as error:
            return _unreachable(self._url, error)
        except (OSError, TimeoutError, asyncio.TimeoutError) as error:
            return _unreachable(self._url, error)

    async def _send_frames(self, socket: Any) -> None:
        while True:
            await socket.send(await self._frames.get())

    def _take(self, text: str | bytes) -> None:
        try:
            frame = json.loads(text)
            name, data = frame["type"], frame.get("data")
        except (ValueError, TypeError, KeyError, AttributeError):
            # No frame: passed over like one of an unknown type.
            return
        if name == "ack":
            answer = self._answers.pop(frame.get("id"), None)
            if answer is not None and not answer.done():
                answer.set_result(data)
        elif name == "error":
            if self._connected_at is None:
                self._end(_refused(data or {}))
        else:
            self._notice(name, data or {})
            self._hear(name, data)

    def _notice(self, name: str, data: Mapping[str, Any]) -> None:
        if name == "connected":
            if self._timer:
                self._timer.cancel()
            self._connected_at = time.monotonic()
        elif name == "replaced":
            error = MessengerError("replaced", "a newer connection took over")
            self._end_within(CLOSE_S, Ending(error, reconnect=False))
        elif name == "draining":
            # The hint spreads agents over the drain: leave when it is our turn, not before and not after.
            error = MessengerError("draining", "the gateway is shutting down")
            turn = data.get("reconnect_after_ms", 0) / 1_000
            self._end_within(turn, Ending(error, reconnect=True, delay_s=0.0))
        elif name == "closing":
            code, hint = str(data.get("code", "unavailable")), data.get("retry_after_ms")
            error = MessengerError(code, f"closed by the server: {code}", retry_after_ms=hint)
            again = bool(data.get("reconnect")) or error.is_temporary
            delay_s = None if hint is None else hint / 1_000
            self._end_within(CLOSE_S, Ending(error, again, delay_s))

    def _end_within(self, seconds: float, ending: Ending) -> None:
        self._announced = ending
        self._set_timer(seconds, ending)

    def _set_timer(self, seconds: float, ending: Ending) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end, ending)

    def _end(self, ending: Ending) -> None:
        if not self._over.done():
            self._over.set_result(ending)

    def _lose(self) -> None:
        """What waits for an answer is told."""
        for answer in self._answers.values():
            if not answer.done():
                error = MessengerError("disconnected", "connection lost before the answer")
                answer.set_exception(error)
        self._answers.clear()
        if not self._over.done():
            self._over.cancel()


def _closed(status: int | None, reason: str | None) -> Ending:
    code = FINAL.get(status or 0)
    if code is None:
        error = MessengerError("disconnected", f"connection lost: {status} {reason or ''}".strip())
        return Ending(error, reconnect=True)
    error = MessengerError(code, f"closed by the server: {reason or code}")
    return Ending(error, reconnect=False)


def _refused(wire_error: Mapping[str, Any]) -> Ending:
    """Who was told when to come back, or was refused for what may pass, comes back."""
    error = from_wire(wire_error)
    hint = error.retry_after_ms
    again = hint is not None or error.is_temporary
    return Ending(error, again, None if hint is None else hint / 1_000)


def _unreachable(url: str, cause: BaseException) -> Ending:
    reason = f"{type(cause).__name__}: {cause}"
    error = MessengerError("unreachable", f"{url} is not reachable ({reason})")
    error.__cause__ = cause
    return Ending(error, reconnect=True)


def _timed_out(url: str) -> Ending:
    return Ending(MessengerError("timeout", f"{url}: no handshake"), reconnect=True)
