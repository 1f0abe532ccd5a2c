"""Connects agents to an Agent Messenger gateway."""

from .agent import Agent
from .backoff import Backoff
from .conversations.conversation import Conversation
from .conversations.history import ChatMessage
from .conversations.reply import Reply
from .errors import MessengerError
from .objects import Actor, Changed, Event, Message, Sent
from .streams.agent_stream import AgentStream

__all__ = [
    "Actor",
    "Agent",
    "AgentStream",
    "Backoff",
    "Changed",
    "ChatMessage",
    "Conversation",
    "Event",
    "Message",
    "MessengerError",
    "Reply",
    "Sent",
]
