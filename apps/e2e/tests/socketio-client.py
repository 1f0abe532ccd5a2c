"""A person on Socket.IO: sends a message and ends when the agent has answered. Prints each event as a line of JSON."""
import asyncio
import json
import os

import socketio

PLACE = "/client"
TEXT = "Hello from Python"


def tell(name, data):
    print(json.dumps([name, data]), flush=True)


async def main():
    client = socketio.AsyncClient(reconnection=False)
    synced, answered = asyncio.Event(), asyncio.Event()

    @client.on("*", namespace=PLACE)
    async def anything(name, data):
        tell(name, data)
        if name == "synced":
            synced.set()
        if name == "event" and f"echo: {TEXT}" in str(data):
            answered.set()

    await client.connect(
        os.environ["AGENT_MESSENGER_URL"],
        namespaces=[PLACE],
        transports=["websocket"],
        auth={"token": os.environ["TOKEN"], "protocol": 1},
    )
    await synced.wait()
    message = {"conversation_id": os.environ["CONVERSATION_ID"], "client_id": "py-1", "content": TEXT}
    tell("ack", await client.call("message:send", message, namespace=PLACE))
    tell("repeated", await client.call("message:send", message, namespace=PLACE))
    tell("unknown", await client.call("nope", {}, namespace=PLACE))
    await answered.wait()
    await client.disconnect()


asyncio.run(asyncio.wait_for(main(), 50))
