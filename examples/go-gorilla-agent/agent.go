// An agent with gorilla/websocket: echoes what people write. AGENT_API_KEY=amk_… go run agent.go
package main

import (
	"fmt"
	"math"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type object = map[string]any

// Stands for a model that takes its time: "sleep 3" takes 3 s.
func answer(text string) string {
	seconds, _ := strconv.Atoi(strings.TrimPrefix(text, "sleep "))
	time.Sleep(time.Duration(seconds) * time.Second)
	return "echo: " + text
}

// One connection, to its end.
func serve(socket *websocket.Conn, heartbeat time.Duration, wait *float64) error {
	defer socket.Close()
	var writing sync.Mutex // gorilla takes one writer at a time.
	say := func(id, kind string, data object) error {
		writing.Lock()
		defer writing.Unlock()
		return socket.WriteJSON(object{"type": kind, "data": data, "id": id})
	}
	queues := map[string][]object{} // One by one in a conversation: what is received covers all before it.
	received := func(place string) {
		say("received", "received", object{"conversation_id": place, "seq": queues[place][0]["seq"]})
		queues[place] = queues[place][1:]
	}
	work := func(place string) {
		for len(queues[place]) > 0 {
			event := queues[place][0]
			if event["type"] == "message.created" && event["actor"].(object)["kind"] == "user" {
				message := event["message"].(object)
				go func() { // Reading goes on meanwhile. The same client_id when the question comes again: it is answered once.
					reply := object{"conversation_id": place, "client_id": fmt.Sprint("re:", message["id"])}
					reply["content"] = answer(message["content"].(string))
					say(place, "message:send", reply)
				}()
				return
			}
			received(place)
		}
	}
	say("auth", "auth", object{"api_key": os.Getenv("AGENT_API_KEY")})
	go func() {
		for say("heartbeat", "presence:watch", object{"identities": []string{}}) == nil {
			time.Sleep(heartbeat)
		}
	}()
	for {
		// A server that has vanished says nothing, and TCP does not tell: the answer to a heartbeat is due.
		socket.SetReadDeadline(time.Now().Add(2 * heartbeat))
		var frame struct {
			Type, Id string
			Data     object
		}
		if err := socket.ReadJSON(&frame); err != nil {
			return err
		}
		switch {
		case frame.Type == "event":
			place := frame.Data["conversation_id"].(string)
			if queues[place] = append(queues[place], frame.Data); len(queues[place]) == 1 {
				work(place)
			}
		case frame.Type != "ack":
			fmt.Println(frame.Type, frame.Data)
			*wait = 1
			if ms, isTold := frame.Data["retry_after_ms"].(float64); isTold {
				*wait = ms / 1000
			}
		case frame.Data["ok"] != true: // What is not received comes again after a reconnect.
			return fmt.Errorf("refused: %v", frame.Data)
		case queues[frame.Id] != nil:
			received(frame.Id)
			work(frame.Id)
		}
	}
}

func main() {
	url := "http://127.0.0.1:8080"
	if set := os.Getenv("AGENT_MESSENGER_URL"); set != "" {
		url = set
	}
	heartbeat, err := time.ParseDuration(os.Getenv("HEARTBEAT_S") + "s")
	if err != nil {
		heartbeat = 30 * time.Second
	}
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second}
	for wait := 1.0; ; wait = math.Min(2*wait+1, 30) {
		socket, _, err := dialer.Dial(strings.Replace(url, "http", "ws", 1)+"/agent/connect", nil)
		if err == nil {
			err = serve(socket, heartbeat, &wait)
		}
		fmt.Println("disconnected:", err)
		if websocket.IsCloseError(err, 4401, 4403, 4409) {
			os.Exit(1)
		}
		time.Sleep(time.Duration(wait * (1 + rand.Float64()/2) * float64(time.Second)))
	}
}
