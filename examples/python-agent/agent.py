"""An agent with websockets: echoes what people write. AGENT_API_KEY=amk_… /usr/bin/python3 agent.py"""
import asyncio, collections, json, os, random, sys, time
import websockets

URL = os.environ.get("AGENT_MESSENGER_URL", "http://127.0.0.1:8080").replace("http", "ws", 1) + "/agent/connect"
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "30"))

def answer(text):
    """Stands for a model that takes its time, on a thread: "sleep 3" takes 3 s."""
    time.sleep(float(text[6:]) if text.startswith("sleep ") else 0)
    return f"echo: {text}"

async def serve(socket, tasks, backoff):
    acks, locks = collections.defaultdict(asyncio.Queue), collections.defaultdict(asyncio.Lock)

    async def request(id, type, **data):
        await socket.send(json.dumps({"type": type, "data": data, "id": id}))
        ack = await asyncio.wait_for(acks[id].get(), HEARTBEAT_S)
        if not ack["ok"]:  # Ends the connection: what is not received comes again after a reconnect.
            raise ConnectionError(ack["error"])

    async def heartbeat():
        while True:  # A server that has vanished says nothing, and TCP does not tell.
            await request("heartbeat", "presence:watch", identities=[])
            await asyncio.sleep(HEARTBEAT_S)

    async def handle(event):
        place, message = event["conversation_id"], event.get("message")
        async with locks[place]:  # One by one in a conversation: what is received covers all before it.
            if event["type"] == "message.created" and event["actor"]["kind"] == "user":
                content = await asyncio.to_thread(answer, message["content"])
                # The same client_id when the question comes again: it is answered once.
                await request(place, "message:send", conversation_id=place, client_id=f"re:{message['id']}", content=content)
            await request(place, "received", conversation_id=place, seq=event["seq"])

    await socket.send(json.dumps({"type": "auth", "data": {"api_key": os.environ["AGENT_API_KEY"]}}))
    tasks.create_task(heartbeat())
    while True:
        frame = json.loads(await socket.recv())
        if frame["type"] == "event":
            tasks.create_task(handle(frame["data"]))  # Reading goes on meanwhile.
        elif frame["type"] == "ack":
            acks[frame["id"]].put_nowait(frame["data"])
        else:
            print(frame["type"], json.dumps(frame["data"]), flush=True)
            backoff["s"] = frame["data"].get("retry_after_ms", 1000) / 1000

async def main():
    socket, backoff = None, {"s": 1}
    while getattr(socket, "close_code", None) not in (4401, 4403, 4409):  # Those are final.
        try:
            async with websockets.connect(URL, max_size=2**20, close_timeout=1) as socket, asyncio.TaskGroup() as tasks:
                await serve(socket, tasks, backoff)
        except Exception as error:
            print("disconnected:", repr(error), flush=True)
        await asyncio.sleep(backoff["s"] * random.uniform(1, 1.5))
        backoff["s"] = min(2 * backoff["s"] + 1, 30)
    sys.exit(1)

asyncio.run(main())
