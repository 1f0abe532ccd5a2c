"""What the server tells, as objects. `raw` is the whole of it: fields that this version does not know included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    #: "user" or "agent".
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is now; `content` is None once it is deleted."""

    id: str
    conversation_id: str
    seq: int
    updated_seq: int
    sender: Actor
    client_id: str
    content: str | None
    reply_to: str | None
    #: "interrupted" or "failed": an answer that did not come to its end.
    state: str | None
    #: What was chosen of its actions: the action's id.
    chosen: str | None
    raw: Json = field(repr=False, compare=False)

    @property
    def metadata(self) -> Json:
        value = self.raw.get("metadata", {})
        return value if isinstance(value, Mapping) else {}

    @property
    def is_deleted(self) -> bool:
        return self.content is None or "deleted_at" in self.raw


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a conversation's log."""

    conversation_id: str
    seq: int
    type: str
    message: Message | None
    raw: Json = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Sent:
    message: Message
    #: It had been sent before, under the same client_id.
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Changed:
    event: Event
    #: Nothing changed.
    duplicate: bool


def message_of(raw: Json) -> Message:
    choice = raw.get("choice")
    return Message(
        id=raw["id"],
        conversation_id=raw["conversation_id"],
        seq=raw["seq"],
        updated_seq=raw["updated_seq"],
        sender=Actor(raw["sender"]["kind"], raw["sender"]["id"]),
        client_id=raw["client_id"],
        content=raw["content"],
        reply_to=raw.get("reply_to"),
        state=raw.get("state"),
        chosen=choice["action_id"] if choice else None,
        raw=raw,
    )


def event_of(raw: Json) -> Event:
    message = raw.get("message")
    return Event(
        conversation_id=raw["conversation_id"],
        seq=raw["seq"],
        type=raw["type"],
        message=message_of(message) if message else None,
        raw=raw,
    )


def sent_of(ack: Json) -> Sent:
    return Sent(message_of(ack["message"]), bool(ack["duplicate"]))


def changed_of(ack: Json) -> Changed:
    return Changed(event_of(ack["event"]), bool(ack["duplicate"]))
