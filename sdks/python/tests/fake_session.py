"""What the tests of handlers run on: a session that answers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from agent_messenger.backoff import Backoff
from agent_messenger.conversations.parts import AgentParts
from agent_messenger.handlers.runs import Handler, HandlerRuns, RunsOptions
from agent_messenger.objects import Actor
from agent_messenger.outbox import Outbox
from agent_messenger.questions.questions import Questions
from agent_messenger.session import Session
from agent_messenger.streams.agent_streams import AgentStreams

INCOMING = {
    "id": "msg_1",
    "conversation_id": "cnv_1",
    "seq": 2,
    "updated_seq": 2,
    "sender": {"kind": "user", "id": "usr_1"},
    "client_id": "c-1",
    "content": "question",
}


class FakeSession:
    def __init__(self) -> None:
        #: Of what was sent.
        self.client_ids: list[str] = []
        self.outbox = Outbox(self.request_until_answered, 100)
        self.backoff = Backoff(0, 0)
        self.identity = Actor("agent", "agt_1")
        self.is_over = False

    def on(self, name: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        return lambda: None

    def emit(self, name: str, payload: Mapping[str, Any]) -> bool:
        return True

    async def request_until_answered(self, name: str, payload: Mapping[str, Any]) -> Any:
        if name == "stream:start":
            return {"offset": 0, "stopped": False}
        client_id = payload.get("client_id") or payload["stream_id"]
        self.client_ids.append(client_id)
        message = {**INCOMING, "id": f"msg_{client_id}", "seq": 3, "client_id": client_id}
        choice = {"action_id": "yes"}
        return {"message": {**message, "choice": choice}, "duplicate": False}

    async def read_log(self, conversation_id: str, after_seq: int) -> Any:
        question = {**INCOMING, "id": f"msg_{self.client_ids[-1]}", "seq": 3}
        event = {
            "conversation_id": conversation_id,
            "seq": 3,
            "type": "action.chosen",
            "message": {**question, "choice": {"action_id": "yes"}},
        }
        return {"events": [event], "has_more": False, "last_seq": 3}


def parts_of(session: FakeSession) -> AgentParts:
    real = cast(Session, session)
    return AgentParts(real, AgentStreams(real), Questions(real))


def runs_of(
    handler: Handler,
    *,
    parts: AgentParts | None = None,
    timeout_s: float = 60,
    concurrency: int = 4,
) -> HandlerRuns:
    options = RunsOptions(handler, timeout_s, concurrency)
    return HandlerRuns(parts or parts_of(FakeSession()), options)
