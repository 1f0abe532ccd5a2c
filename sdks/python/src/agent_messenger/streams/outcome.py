"""How a stream becomes one message, however much of its text the server has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import MessengerError
from ..objects import Json, Sent, sent_of


@dataclass(frozen=True, slots=True)
class StreamTarget:
    conversation_id: str
    #: Becomes the client_id of the message.
    stream_id: str
    reply_to: str | None
    #: Carries out a change of the conversation's log, in order, until there is an answer.
    change: Callable[[str, Mapping[str, Any]], Awaitable[Json]]

    @property
    def reply(self) -> dict[str, Any]:
        return {} if self.reply_to is None else {"reply_to": self.reply_to}

    @property
    def names(self) -> dict[str, Any]:
        return {"conversation_id": self.conversation_id, "stream_id": self.stream_id}


async def commit_end(
    target: StreamTarget, length: int, whole: str, is_there: bool, fields: Mapping[str, Any]
) -> Sent:
    """`length`: of what was appended; `is_there`: the server should have exactly `whole`."""
    if whole == "":
        raise MessengerError("invalid_payload", "an answer must have text")
    request = {**target.names, "offset": length, **fields, **target.reply}
    if is_there:
        try:
            return sent_of(await target.change("stream:end", request))
        except MessengerError as error:
            if not _is_missing(error):
                raise
    try:
        return sent_of(await target.change("stream:end", {**request, "content": whole}))
    except MessengerError as error:
        if error.code != "not_found":
            raise
        return await _send_instead(target, {"content": whole, **fields})


async def commit_nothing(target: StreamTarget) -> Sent:
    """Stopped before its first word: there is nothing that could be complete."""
    try:
        request = {**target.names, "offset": 0, **target.reply}
        return sent_of(await target.change("stream:end", request))
    except MessengerError as error:
        if not _is_missing(error):
            raise
        return await _send_failed_instead(target, "", "Stopped.")


async def commit_failure(target: StreamTarget, text: str, reason: str) -> Sent:
    """One message that says that the answer failed, with what the server has of it."""
    try:
        request = {**target.names, "error": reason}
        return sent_of(await target.change("stream:fail", request))
    except MessengerError as error:
        if error.code != "not_found":
            raise
        return await _send_failed_instead(target, text, reason)


async def _send_failed_instead(target: StreamTarget, text: str, reason: str) -> Sent:
    """A gateway that knows no streams may know no failed messages: it takes none without text."""
    fields = {"content": text or reason, "state": "failed", "error": reason}
    return await _send_instead(target, fields)


async def _send_instead(target: StreamTarget, fields: Mapping[str, Any]) -> Sent:
    """What a gateway without streams takes. Where it is the conversation that is gone, this is refused as well."""
    request = {
        "conversation_id": target.conversation_id,
        "client_id": target.stream_id,
        **fields,
        **target.reply,
    }
    return sent_of(await target.change("message:send", request))


def _is_missing(error: MessengerError) -> bool:
    """The server has another length of text, or none; with a message it is another text that stands under this id."""
    return error.code == "not_found" or (error.code == "conflict" and error.message_id is None)
