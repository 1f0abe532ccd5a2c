"""The few calls that go over HTTP, from Python's own library, each on a thread."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from .endpoints import Endpoints
from .errors import MessengerError, from_http

#: For each read, and for the whole answer.
TIMEOUT_S = 10
DEADLINE_S = 30


class Rest:
    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    async def request(
        self, method: str, path: str, bearer: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        """One try. Raises the problem that it was answered with; `unreachable`, `timeout`, and `unavailable` for an
        answer that is none of ours."""
        url = self._endpoints.current + path
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {bearer}", "accept": "application/json"}
        if data is not None:
            headers["content-type"] = "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            return await asyncio.wait_for(asyncio.to_thread(_answer, request), DEADLINE_S)
        except TimeoutError as error:
            raise MessengerError("timeout", f"{request.host} did not answer in time") from error


def _answer(request: urllib.request.Request) -> Any:
    where = request.host
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            text = response.read()
    except urllib.error.HTTPError as error:
        raise from_http(error.code, _problem(error)) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MessengerError("unreachable", f"{where} is not reachable: {error!r}") from error
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        # A proxy, or a portal that wants a login, answers in place of the gateway.
        raise MessengerError("unavailable", f"{where} did not answer with JSON") from error


def _problem(error: urllib.error.HTTPError) -> Mapping[str, Any]:
    try:
        body = json.loads(error.read())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return body if isinstance(body, dict) else {}
