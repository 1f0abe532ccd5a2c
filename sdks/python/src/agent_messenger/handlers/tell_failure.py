"""Shows the person that there will be no answer."""

from __future__ import annotations

from ..conversations.parts import AgentParts
from ..errors import MessengerError
from ..objects import Message
from .run import HandlerTimeout


NO_ANSWER = "The agent could not answer this message."


async def tell_failure(parts: AgentParts, message: Message, failure: Exception) -> None:
    """What was begun of an answer is marked as failed, else there is one message that says so, however often it is told.

    What went wrong is for the log of the agent, not for people.
    """
    late = isinstance(failure, HandlerTimeout)
    reason = "The agent did not answer in time." if late else NO_ANSWER
    begun = parts.streams.open_of(f"{message.id}:")
    for stream in begun:
        await stream.fail(reason)
    if begun:
        return
    told = {
        "conversation_id": message.conversation_id,
        "client_id": f"failed:{message.id}",
        "reply_to": message.id,
        "state": "failed",
        "error": reason,
    }
    outbox = parts.session.outbox
    try:
        await outbox.add("message:send", {**told, "content": ""})
    except MessengerError as refusal:
        if refusal.code != "invalid_payload":
            raise
        # A gateway that knows no failed messages takes none without text.
        await outbox.add("message:send", {**told, "content": reason})
