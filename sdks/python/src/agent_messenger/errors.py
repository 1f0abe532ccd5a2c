"""What can go wrong, with the codes of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STATUS = {
    400: "invalid_payload",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    410: "sync_token_expired",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}
_TEMPORARY = {"unreachable", "timeout", "disconnected", "unavailable", "rate_limited", "internal"}
_FINAL = {"invalid_payload", "payload_too_large", "forbidden", "not_found"}


class MessengerError(Exception):
    """An answer that is none.

    `code` is one of the contract (`invalid_payload`, `unauthorized`, `forbidden`, `not_found`, `conflict`,
    `rate_limited`, `unavailable`, …), or what only this side can know: `unreachable`, `timeout`, `disconnected`
    (the connection was lost before the answer), `closed`, `replaced`, `outbox_full`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry_after_ms: int | None = None,
        message_id: str | None = None,
        expected_offset: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms
        #: With `conflict` on a send: the message that was accepted under the same client_id.
        self.message_id = message_id
        #: With `conflict` on the end of a stream: how much of the text the server has, UTF-16 code units.
        self.expected_offset = expected_offset

    @property
    def is_temporary(self) -> bool:
        """The same request may succeed later, unchanged."""
        return self.code in _TEMPORARY

    @property
    def is_final(self) -> bool:
        """The same request will be refused again."""
        return self.code in _FINAL


def from_wire(error: Mapping[str, Any]) -> MessengerError:
    return MessengerError(
        str(error.get("code", "internal")),
        str(error.get("message", "")),
        retry_after_ms=error.get("retry_after_ms"),
        message_id=error.get("message_id"),
        expected_offset=error.get("expected_offset"),
    )


def from_http(status: int, problem: Mapping[str, Any]) -> MessengerError:
    """What is between us and the gateway may answer without a problem body."""
    passes = status >= 500 or status in (408, 425)
    fallback = _STATUS.get(status, "unavailable" if passes else "invalid_payload")
    return MessengerError(
        str(problem.get("code", fallback)),
        str(problem.get("detail") or problem.get("title") or f"HTTP {status}"),
        retry_after_ms=problem.get("retry_after_ms"),
        message_id=problem.get("message_id"),
    )


def closed() -> MessengerError:
    return MessengerError("closed", "the agent was closed")
