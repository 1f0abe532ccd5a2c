// An agent with java.net.http, and Gson for JSON: echoes what people write.
// AGENT_API_KEY=amk_… java -cp /usr/share/java/gson.jar Agent.java
import com.google.gson.*;
import java.net.URI;
import java.net.http.*;
import java.util.*;
import java.util.concurrent.*;

class Agent implements WebSocket.Listener {
  static final String URL = env("AGENT_MESSENGER_URL", "http://127.0.0.1:8080").replaceFirst("http", "ws") + "/agent/connect";
  static final long HEARTBEAT_MS = (long) (1_000 * Double.parseDouble(env("HEARTBEAT_S", "30")));
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static volatile long waitMs = 1_000;

  final Map<String, Queue<JsonObject>> queues = new HashMap<>();
  final CompletableFuture<Object> ended = new CompletableFuture<>();
  final StringBuilder text = new StringBuilder();
  CompletableFuture<WebSocket> sending;
  volatile boolean isAlive = true;

  static String env(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }

  /** Stands for a model that takes its time: "sleep 3" takes 3 s. */
  static CompletableFuture<String> answer(String text) {
    long seconds = text.startsWith("sleep ") ? Long.parseLong(text.substring(6)) : 0;
    return CompletableFuture.supplyAsync(() -> "echo: " + text, CompletableFuture.delayedExecutor(seconds, TimeUnit.SECONDS));
  }

  /** One after the other: a WebSocket of Java takes no text before the one before it is sent. */
  synchronized void say(String id, String type, Map<String, ?> data) {
    var frame = new Gson().toJson(Map.of("type", type, "data", data, "id", id));
    sending = sending.thenCompose(socket -> socket.sendText(frame, true));
  }

  /** One by one in a conversation: what is received covers all before it. */
  void work(String place) {
    for (JsonObject event; (event = queues.get(place).peek()) != null; received(place)) {
      var isMessage = event.get("type").getAsString().equals("message.created");
      if (isMessage && event.getAsJsonObject("actor").get("kind").getAsString().equals("user")) {
        var message = event.getAsJsonObject("message");
        // Reading goes on meanwhile. The same client_id when the question comes again: it is answered once.
        var id = "re:" + message.get("id").getAsString();
        answer(message.get("content").getAsString()).thenAccept(content ->
            say(place, "message:send", Map.of("conversation_id", place, "client_id", id, "content", content)));
        return;
      }
    }
  }

  void received(String place) {
    var seq = queues.get(place).remove().get("seq").getAsInt();
    say("received", "received", Map.of("conversation_id", place, "seq", seq));
  }

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean isLast) {
    isAlive = true;
    text.append(part);
    socket.request(1);
    if (!isLast) return null;
    var frame = JsonParser.parseString(text.toString()).getAsJsonObject();
    text.setLength(0);
    var type = frame.get("type").getAsString();
    var data = frame.getAsJsonObject("data");
    if (type.equals("event")) {
      var place = data.get("conversation_id").getAsString();
      var queue = queues.computeIfAbsent(place, p -> new ArrayDeque<>());
      queue.add(data);
      if (queue.size() == 1) work(place);
    } else if (!type.equals("ack")) {
      System.out.println(type + " " + data);
      waitMs = data.has("retry_after_ms") ? data.get("retry_after_ms").getAsLong() : 1_000;
    } else if (!data.get("ok").getAsBoolean()) {
      ended.complete(data); // What is not received comes again after a reconnect.
    } else if (queues.containsKey(frame.get("id").getAsString())) {
      received(frame.get("id").getAsString());
      work(frame.get("id").getAsString());
    }
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    ended.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    ended.complete(error);
  }

  /** One connection. @return its close code, or what else has ended it */
  Object serve() throws Exception {
    var socket = HTTP.newWebSocketBuilder().buildAsync(URI.create(URL), this).get(10, TimeUnit.SECONDS);
    sending = CompletableFuture.completedFuture(socket);
    say("auth", "auth", Map.of("api_key", System.getenv("AGENT_API_KEY")));
    // A server that has vanished says nothing, and TCP does not tell.
    for (; isAlive && !ended.isDone(); ended.copy().completeOnTimeout(0, HEARTBEAT_MS, TimeUnit.MILLISECONDS).get()) {
      isAlive = false;
      say("heartbeat", "presence:watch", Map.of("identities", List.of()));
    }
    socket.abort();
    return ended.getNow("no answer");
  }

  public static void main(String[] args) throws Exception {
    for (;; waitMs = Math.min(2 * waitMs + 1_000, 30_000)) {
      Object why;
      try {
        why = new Agent().serve();
      } catch (Exception error) {
        why = error;
      }
      System.out.println("disconnected: " + why);
      if (Set.<Object>of(4401, 4403, 4409).contains(why)) System.exit(1);
      Thread.sleep((long) (waitMs * (1 + Math.random() / 2)));
    }
  }
}
