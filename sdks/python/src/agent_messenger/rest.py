"""The few calls that go over HTTP, from Python's own library, each on a thread."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from .endpoints import Endpoints
from .errors import MessengerError, from_http

TIMEOUT_S = 10


class Rest:
    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    async def request(
        self, method: str, path: str, bearer: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        """One try. Raises the problem that it was answered with, or `unreachable`."""
        url = self._endpoints.current + path
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {bearer}", "accept": "application/json"}
        if data is not None:
            headers["content-type"] = "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        return await asyncio.to_thread(_answer, request)


def _answer(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            text = response.read()
    except urllib.error.HTTPError as error:
        raise from_http(error.code, _problem(error)) from error
    except (OSError, ValueError) as error:
        where = request.host
        raise MessengerError("unreachable", f"{where} is not reachable: {error}") from error
    return json.loads(text) if text else None


def _problem(error: urllib.error.HTTPError) -> Mapping[str, Any]:
    try:
        body = json.loads(error.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
