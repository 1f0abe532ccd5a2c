"""Does what each message says by its first word, and reports all of it as lines of JSON. `responder.ts` is its twin.

Commands come as lines of JSON on stdin, whose end is the end of the agent.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable
from typing import Any

from agent_messenger import Agent, Backoff, Event, Message, MessengerError, Reply, Sent

WORDS = 20
WORD_EVERY_S = 0.015
#: Of a command.
LINE_BYTES = 1 << 20

agent = Agent(
    os.environ["AGENT_MESSENGER_URL"].split(","),
    api_key=os.environ["AGENT_API_KEY"],
    connect_timeout_s=float(os.environ["CONNECT_S"]),
    backoff=Backoff(min_ms=int(os.environ["MIN_MS"]), max_ms=int(os.environ["MAX_MS"])),
)


def report(type: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"type": type, **fields}) + "\n")
    sys.stdout.flush()


def received(event: Event) -> None:
    client_id = None
    if event.type == "message.created" and event.message is not None:
        client_id = event.message.client_id
    report("receive", seq=event.seq, client_id=client_id)


agent.on("connected", lambda told: report("connected", connection_id=told["connection_id"]))
agent.on("disconnected", lambda error: report("disconnected", reason=str(error)))
agent.on("presence", lambda told: presence(told))
agent.on("event", received)


def presence(told: Any) -> None:
    report("presence", identity_id=told["identity_id"], status=told["status"])


@agent.on_message
async def answer(message: Message, conversation: Reply) -> None:
    client_id = f"{message.client_id}:re"
    content = message.content or ""
    what, _, _ = content.partition(" ")
    if what == "stream":
        stream = conversation.stream()
        report("send", client_id=stream.id, by_itself=False)
        # The same text whenever it is asked: a run that is repeated writes nothing else.
        for word in range(1, WORDS + 1):
            stream.append(f"{message.client_id} {word} 🧾 ")
            await asyncio.sleep(WORD_EVERY_S)
        await settle(stream.id, stream.end(metadata={"answers": client_id}))
    elif what == "ask":
        question = f"{message.client_id}:ask"
        report("ask", client_id=question)
        conversation.activity("using_tool", "asking")
        chosen = await conversation.ask("Well?", ["approve", "deny"], client_id=question)
        report("answered", client_id=question, action_id=chosen)
        await track(client_id, conversation.send(f"chosen: {chosen}", client_id=client_id))
    else:
        await track(client_id, conversation.send(content, client_id=client_id))


async def track(client_id: str, sent: Awaitable[Sent], by_itself: bool = False) -> None:
    report("send", client_id=client_id, by_itself=by_itself)
    await settle(client_id, sent)


async def settle(client_id: str, sent: Awaitable[Sent]) -> None:
    try:
        ack = await sent
    except MessengerError as error:
        report("refused", client_id=client_id, code=error.code)
        raise
    report("ack", client_id=client_id, seq=ack.message.seq)


async def say(client_id: str, content: str) -> None:
    conversation = agent.conversation(os.environ["CONVERSATION"])
    try:
        await track(client_id, conversation.send(content, client_id=client_id), by_itself=True)
    except MessengerError:
        # Reported.
        pass


async def watch(identity: str) -> None:
    for told in (await agent.request("presence:watch", {"identities": [identity]}))["presence"]:
        presence(told)
    report("watching")


async def obey() -> None:
    """Until stdin ends."""
    lines = asyncio.StreamReader(LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    under_way: set[asyncio.Task[None]] = set()
    while line := await lines.readline():
        command = json.loads(line)
        work = {"say": say, "watch": watch}[command.pop("do")](**command)
        task = asyncio.ensure_future(work)
        under_way.add(task)
        task.add_done_callback(under_way.discard)


async def main() -> None:
    await agent.start()
    report("ready")
    commands = asyncio.ensure_future(obey())
    over = asyncio.ensure_future(agent.wait_ended())
    await asyncio.wait([commands, over], return_when=asyncio.FIRST_COMPLETED)
    if over.done():
        raise SystemExit(f"it is over: {over.result()}")
    await agent.close()


asyncio.run(main())
