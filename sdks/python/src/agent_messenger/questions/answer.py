"""What answers a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..objects import Json

#: A text that is label and id, or `{"id", "label", "style"?}`.
Option = str | Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    #: None for a question that was withdrawn.
    action_id: str | None
    #: The reply that was typed, where it was one.
    message_id: str | None = None


def actions_of(options: Sequence[Option]) -> list[dict[str, Any]]:
    """A text that cannot be an id gets its number."""
    actions = []
    for number, option in enumerate(options, 1):
        if isinstance(option, str):
            id = option if _ID.match(option) else f"option-{number}"
            actions.append({"id": id, "label": option})
        else:
            actions.append(dict(option))
    return actions


def option_of(options: Sequence[Option], id: str) -> str:
    """The text of this id; what an earlier run asked may have had others."""
    for option, action in zip(options, actions_of(options), strict=True):
        if action["id"] == id and isinstance(option, str):
            return option
    return id


def answer_in(event: Json, question: Json) -> Answer | None:
    """None when the event answers nothing. A person may type the id or the label: older clients have no buttons."""
    if event["conversation_id"] != question["conversation_id"]:
        return None
    message = event.get("message")
    if message is None:
        return None
    if message["id"] == question["id"]:
        return answer_of(message)
    if event["type"] != "message.created" or event["seq"] <= question["seq"]:
        return None
    if message["sender"]["kind"] != "user" or message["content"] is None:
        return None
    typed = _plain(message["content"])
    for action in question.get("actions", ()):
        if typed in (_plain(action["id"]), _plain(action["label"])):
            return Answer(action["id"], message["id"])
    return None


def answer_of(message: Json) -> Answer | None:
    """What the question itself says, as it is now."""
    if message["content"] is None:
        return Answer(None)
    choice = message.get("choice")
    return Answer(choice["action_id"]) if choice else None


def _plain(text: str) -> str:
    return text.strip().lower()
