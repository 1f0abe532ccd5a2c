"""An agent on a plain WebSocket: echoes what people write. AGENT_API_KEY=amk_… /usr/bin/python3 agent.py"""
import asyncio, json, os, sys
import websockets

URL = os.environ.get("AGENT_MESSENGER_URL", "http://127.0.0.1:8080").replace("http", "ws", 1)

async def serve(socket):
    async def say(type, data, **more):
        await socket.send(json.dumps({"type": type, "data": data, **more}))

    await say("auth", {"api_key": os.environ["AGENT_API_KEY"]})
    async for text in socket:
        frame = json.loads(text)
        type, data = frame["type"], frame["data"]
        if type == "event" and data["type"] == "message.created" and data["actor"]["kind"] == "user":
            message, place = data["message"], {"conversation_id": data["conversation_id"]}
            # The same client_id when the question comes again: it is answered once.
            answer = {"client_id": f"re:{message['id']}", "content": f"echo: {message['content']}"[:5000]}
            await say("message:send", {**place, **answer}, id=json.dumps({**place, "seq": data["seq"]}))
        elif type == "ack" and data["ok"]:
            # Only when the answer is committed: what is not received comes again after a reconnect.
            await say("received", json.loads(frame["id"]))
        elif type in ("connected", "ack", "error", "closing", "replaced"):
            print(type, json.dumps(data), flush=True)

async def main():
    while True:
        try:
            async with websockets.connect(URL + "/agent/connect") as socket:
                await serve(socket)
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
            print("disconnected:", error, flush=True)
            if getattr(error, "code", None) in (4401, 4403, 4409):
                sys.exit("the server wants no reconnect")
        await asyncio.sleep(1)

asyncio.run(main())
