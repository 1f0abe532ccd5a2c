"""An agent with Qt 6 (QWebSocket of PyQt6): echoes what people write. AGENT_API_KEY=amk_… /usr/bin/python3 agent.py"""
import collections, json, os, random, signal, sys, time
from PyQt6.QtCore import QCoreApplication, QObject, QThreadPool, QTimer, QUrl, pyqtSignal
from PyQt6.QtWebSockets import QWebSocket

URL = os.environ.get("AGENT_MESSENGER_URL", "http://127.0.0.1:8080").replace("http", "ws", 1) + "/agent/connect"
HEARTBEAT_MS = int(1000 * float(os.environ.get("HEARTBEAT_S", "30")))

def answer(text):
    """Stands for a model that takes its time: "sleep 3" takes 3 s."""
    time.sleep(float(text[6:]) if text.startswith("sleep ") else 0)
    return f"echo: {text}"

class Connection(QObject):
    """One connection, until it exits from the loop of Qt."""
    saying = pyqtSignal(str, str, object)  # Also from other threads.

    def __init__(self):
        super().__init__()
        self.wait_s, self.is_alive, self.queues = None, True, collections.defaultdict(collections.deque)
        self.saying.connect(self.say)
        self.socket = QWebSocket(parent=self)
        self.socket.connected.connect(lambda: self.say("auth", "auth", {"api_key": os.environ["AGENT_API_KEY"]}))
        self.socket.textMessageReceived.connect(self.hear)
        self.socket.disconnected.connect(lambda: QCoreApplication.exit(self.socket.closeCode().value))
        self.socket.error.connect(lambda: QCoreApplication.exit(-1))
        self.socket.open(QUrl(URL))
        self.heartbeat = QTimer(self, interval=HEARTBEAT_MS, timeout=self.beat)
        self.heartbeat.start()

    def say(self, id, type, data):
        self.socket.sendTextMessage(json.dumps({"type": type, "data": data, "id": id}))

    def beat(self):
        if not self.is_alive:  # A server that has vanished says nothing, and TCP does not tell.
            QCoreApplication.exit(-1)
        self.is_alive = False
        self.say("heartbeat", "presence:watch", {"identities": []})

    def hear(self, text):
        self.is_alive, frame = True, json.loads(text)
        type, data = frame["type"], frame["data"]
        if type == "event":
            self.queues[data["conversation_id"]].append(data)
            if len(self.queues[data["conversation_id"]]) == 1:
                self.work(data["conversation_id"])
        elif type != "ack":
            print(type, json.dumps(data), flush=True)
            self.wait_s = data.get("retry_after_ms", 1000) / 1000
        elif not data["ok"]:  # What is not received comes again after a reconnect.
            QCoreApplication.exit(-1)
        elif frame["id"] in self.queues:
            self.received(frame["id"])
            self.work(frame["id"])

    def work(self, place):
        """One by one in a conversation: what is received covers all before it."""
        while self.queues[place]:
            event = self.queues[place][0]
            if event["type"] == "message.created" and event["actor"]["kind"] == "user":
                # The same client_id when the question comes again: it is answered once.
                reply = {"conversation_id": place, "client_id": f"re:{event['message']['id']}"}
                text = event["message"]["content"]
                send = lambda: self.saying.emit(place, "message:send", {**reply, "content": answer(text)})
                return QThreadPool.globalInstance().start(send)  # Reading goes on meanwhile.
            self.received(place)

    def received(self, place):
        self.say("received", "received", {"conversation_id": place, "seq": self.queues[place].popleft()["seq"]})

signal.signal(signal.SIGINT, signal.SIG_DFL)
app, wait_s, code = QCoreApplication(sys.argv), 1, None
while code not in (4401, 4403, 4409):
    connection = Connection()
    code = app.exec()
    connection.heartbeat.stop()
    connection.socket.blockSignals(True)
    connection.socket.abort()
    print("disconnected:", code, flush=True)
    wait_s = connection.wait_s or min(2 * wait_s + 1, 30)
    time.sleep(wait_s * random.uniform(1, 1.5))
sys.exit(1)
