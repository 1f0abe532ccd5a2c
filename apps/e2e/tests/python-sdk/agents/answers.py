"""Does what the message says: the first word names it."""

import asyncio
import logging
import os
import time

from agent_messenger import Agent, Message, Reply

logging.basicConfig(level=logging.INFO)
agent = Agent(
    os.environ["AGENT_MESSENGER_URL"].split(","),
    api_key=os.environ["AGENT_API_KEY"],
    handler_timeout_s=float(os.environ.get("HANDLER_TIMEOUT_S", "600")),
)
runs: dict[str, int] = {}


@agent.on_message
async def answer(message: Message, conversation: Reply) -> str | None:
    runs[message.id] = runs.get(message.id, 0) + 1
    what, _, text = (message.content or "").partition(" ")
    print(f"run {runs[message.id]}: {message.content}", flush=True)
    if what == "echo":
        return f"echo: {text}"
    if what == "block":
        # As a program does that calls a model without `await`.
        time.sleep(float(text))
        return "blocked"
    if what == "fail":
        await conversation.send(f"attempt {runs[message.id]}")
        raise ValueError("no model")
    if what == "hang":
        await asyncio.Event().wait()
    if what == "react":
        await conversation.react(message.id, "👍")
        sent = await conversation.send("first")
        await conversation.edit(sent.message.id, "second")
    return None


async def main() -> int:
    await agent.start()
    await agent.set_status("busy")
    print(f"ready {agent.identity.id}", flush=True)
    error = await agent.wait_ended()
    print(f"ended {error.code}", flush=True)
    return 1


if os.environ.get("RUN") == "1":
    print("ready to run", flush=True)
    agent.run()
else:
    raise SystemExit(asyncio.run(main()))
