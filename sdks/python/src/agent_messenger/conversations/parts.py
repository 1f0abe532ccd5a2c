"""What the conversations of an agent have in common."""

from __future__ import annotations

from dataclasses import dataclass

from ..questions.questions import Questions
from ..session import Session
from ..streams.agent_streams import AgentStreams


@dataclass(frozen=True, slots=True)
class AgentParts:
    session: Session
    streams: AgentStreams
    questions: Questions
