"""Does what the message says: the first word names it. `writes.ts` is its twin."""

import asyncio
import os

from agent_messenger import Agent, Message, Reply

agent = Agent(os.environ["AGENT_MESSENGER_URL"].split(","), api_key=os.environ["AGENT_API_KEY"])
runs: dict[str, int] = {}


@agent.on_message
async def answer(message: Message, conversation: Reply) -> None:
    runs[message.id] = runs.get(message.id, 0) + 1
    what, _, text = (message.content or "").partition(" ")
    if what == "stream":
        async with conversation.stream(reply_to=message.id) as stream:
            for word in text.split(" "):
                stream.append(f"{word} ")
                await asyncio.sleep(0.02)
    elif what == "endless":
        async with conversation.stream() as stream:
            stream.append("once upon")
            await asyncio.Event().wait()
    elif what == "flaky":
        stream = conversation.stream()
        stream.append(f"{text} {runs[message.id]}")
        await asyncio.sleep(0.2)
        if runs[message.id] == 1:
            raise ValueError("once")
        await stream.end(metadata={"runs": runs[message.id]})
    elif what == "broken":
        conversation.stream().append("half")
        await asyncio.sleep(0.2)
        raise ValueError("no model")
    elif what == "ask":
        conversation.activity("using_tool", "asking")
        answer = await conversation.ask("Delete 3 files?", ["approve", "deny"])
        await conversation.send(f"answer: {answer}")
    elif what == "expiring":
        answer = await conversation.ask("Now?", ["yes"], timeout_s=0.2)
        await conversation.send(f"answer: {answer}")
    elif what == "history":
        history = await conversation.history(limit=2)
        await conversation.send(" / ".join(f"{said['role']}: {said['content']}" for said in history))


async def main() -> None:
    await agent.start()
    print("ready", flush=True)
    await agent.wait_ended()


asyncio.run(main())
