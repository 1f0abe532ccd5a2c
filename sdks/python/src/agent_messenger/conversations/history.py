"""A conversation as chat completion endpoints take it."""

from __future__ import annotations

from typing import Literal, TypedDict
from urllib.parse import urlencode

from ..backoff import retry
from ..objects import Json
from ..session import Session

PAGE_MAX = 200


class ChatMessage(TypedDict):
    role: Literal["user", "assistant"]
    content: str


async def read_history(
    session: Session, conversation_id: str, limit: int, before_seq: int | None
) -> list[ChatMessage]:
    """The newest `limit` messages before `before_seq` that have text, oldest first."""
    kept: list[ChatMessage] = []
    while True:
        query: dict[str, int] = {"limit": min(limit, PAGE_MAX)}
        if before_seq is not None:
            query["before_seq"] = before_seq
        path = f"/conversations/{conversation_id}/messages?{urlencode(query)}"
        page: Json = await retry(lambda: _get(session, path), session.backoff)
        said = [message for message in page["messages"] if message["content"]]
        kept[:0] = [_chat_message(session, message) for message in said]
        if len(kept) >= limit or not page["has_more"] or not page["messages"]:
            return kept[-limit:]
        before_seq = page["messages"][0]["seq"]


async def _get(session: Session, path: str) -> Json:
    answer: Json = await session.rest.request("GET", path, await session.token())
    return answer


def _chat_message(session: Session, message: Json) -> ChatMessage:
    own = message["sender"]["id"] == session.identity.id
    return {"role": "assistant" if own else "user", "content": message["content"]}
