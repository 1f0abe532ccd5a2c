# An agent with faye-websocket: echoes what people write. AGENT_API_KEY=amk_… ruby agent.rb
require 'faye/websocket'
require 'json'
require 'timeout'

$stdout.sync = true
URL = "#{ENV.fetch('AGENT_MESSENGER_URL', 'http://127.0.0.1:8080').sub('http', 'ws')}/agent/connect"
HEARTBEAT_S = Float(ENV.fetch('HEARTBEAT_S', '30'))

# Stands for a model that takes its time: "sleep 3" takes 3 s.
def answer(text)
  sleep Integer(text[6..]) if text.start_with?('sleep ')
  "echo: #{text}"
end

# One connection, and the next when it has ended. Threads do the waiting, EventMachine's alone uses the socket.
class Connection
  def initialize(wait_s)
    @wait_s, @acks, @socket = wait_s, {}, Faye::WebSocket::Client.new(URL)
    # Reading goes on meanwhile. One by one in a conversation: what is received covers all before it.
    @inboxes = Hash.new { |all, place| all[place] = Queue.new.tap { |inbox| work { handle(inbox.pop) } } }
    @socket.on(:message) { |frame| hear(*JSON.parse(frame.data).values_at('type', 'data', 'id')) }
    @socket.on(:close) { |closed| finish(closed.code) }
    say('auth', { api_key: ENV.fetch('AGENT_API_KEY') }, 'auth')
    work { request('heartbeat', 'presence:watch', { identities: [] }) && sleep(HEARTBEAT_S) }
  end

  def say(type, data, id) = EM.schedule { @socket.send(JSON.generate({ type: type, data: data, id: id })) }

  # Again and again. What fails ends the connection: what is not received comes again after a reconnect.
  def work
    Thread.new do
      yield until @ended
    rescue StandardError => e
      EM.schedule { finish(e.message) }
    end
  end

  def request(id, type, data)
    @acks[id] = Queue.new
    say(type, data, id)
    # A server that has vanished says nothing, and TCP does not tell.
    ack = Timeout.timeout(HEARTBEAT_S) { @acks[id].pop }
    ack['ok'] or raise ack['error']['code']
  end

  def hear(type, data, id)
    case type
    when 'ack' then @acks[id] << data
    when 'event' then @inboxes[data['conversation_id']] << data
    else
      puts "#{type} #{JSON.generate(data)}"
      @wait_s = data.fetch('retry_after_ms', 1_000) / 1_000.0
    end
  end

  def handle(event)
    place, message = event.values_at('conversation_id', 'message')
    if event['type'] == 'message.created' && event['actor']['kind'] == 'user'
      # The same client_id when the question comes again: it is answered once.
      reply = { client_id: "re:#{message['id']}", content: answer(message['content']) }
      request(place, 'message:send', { conversation_id: place, **reply })
    end
    request(place, 'received', { conversation_id: place, seq: event['seq'] })
  end

  def finish(why)
    return if @ended

    @ended = true
    @inboxes.each_value { |inbox| inbox.clear.close }
    @socket.close
    puts "disconnected: #{why}"
    exit 1 if [4401, 4403, 4409].include?(why)
    EM.add_timer(@wait_s * rand(1.0..1.5)) { Connection.new([2 * @wait_s + 1, 30].min) }
  end
end

EM.run { Connection.new(1) }
