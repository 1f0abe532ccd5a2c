# An agent with Mojolicious: echoes what people write. AGENT_API_KEY=amk_… perl agent.pl
use Mojo::Base -strict, -signatures;
use Mojo::IOLoop;
use Mojo::JSON qw(encode_json);
use Mojo::Promise;
use Mojo::UserAgent;

STDOUT->autoflush;
my $url = ($ENV{AGENT_MESSENGER_URL} // 'http://127.0.0.1:8080') =~ s/^http/ws/r . '/agent/connect';
my ($heartbeat_s, $wait_s, $ua) = ($ENV{HEARTBEAT_S} // 30, 1, Mojo::UserAgent->new);

# Stands for a model that takes its time, in a process of its own: "sleep 3" takes 3 s.
sub answer ($text) {
  sleep $1 if $text =~ /^sleep (\d+)/;
  return "echo: $text";
}

# One connection. The promise is rejected with its close code, or with what else has ended it.
sub serve ($tx) {
  my ($ended, %acks, %tails) = Mojo::Promise->new;
  my $end = sub ($why) { $ended->reject($why) };

  my $request = sub ($id, $type, %data) {
    my $ack = $acks{$id} = Mojo::Promise->new->timeout($heartbeat_s => 'no answer');
    $tx->send({json => {type => $type, data => \%data, id => $id}});
    # Ends the connection: what is not received comes again after a reconnect.
    return $ack->then(sub ($answer) { die "$answer->{error}{code}\n" if !$answer->{ok} });
  };
  my $handle = sub ($event) {
    my ($message, @place) = ($event->{message}, conversation_id => $event->{conversation_id});
    my $received = sub { $request->($place[1], 'received', @place, seq => $event->{seq}) };
    return $received->() if $event->{type} ne 'message.created' || $event->{actor}{kind} ne 'user';
    return Mojo::IOLoop->subprocess->run_p(sub { answer($message->{content}) })->then(sub ($text) {
      # The same client_id when the question comes again: it is answered once.
      $request->($place[1], 'message:send', @place, client_id => "re:$message->{id}", content => $text);
    })->then($received);
  };

  $tx->max_websocket_size(1_048_576);    # Its default is 256 KiB.
  $tx->on(finish => sub ($, $code, $) { $end->($code) });
  $tx->on(json => sub ($, $frame) {
    my ($type, $data) = @$frame{qw(type data)};
    return $acks{$frame->{id}}->resolve($data) if $type eq 'ack';
    if ($type eq 'event') {
      # Reading goes on meanwhile. One by one in a conversation: what is received covers all before it.
      my $tail = $tails{$data->{conversation_id}} // Mojo::Promise->resolve;
      $tail = $tails{$data->{conversation_id}} = $tail->then(sub { $handle->($data) });
      return $tail->catch($end);
    }
    say "$type ", encode_json($data);
    $wait_s = ($data->{retry_after_ms} // 1_000) / 1_000;
  });
  $tx->send({json => {type => 'auth', data => {api_key => $ENV{AGENT_API_KEY}}}});
  # A server that has vanished says nothing, and TCP does not tell.
  my $beat = sub { $request->('heartbeat', 'presence:watch', identities => [])->catch($end) };
  my $heartbeat = Mojo::IOLoop->recurring($heartbeat_s => $beat);
  return $ended->finally(sub { Mojo::IOLoop->remove($_) for $heartbeat, $tx->connection });
}

sub run {
  $ua->websocket_p($url)->then(\&serve)->catch(sub ($why) {
    say "disconnected: $why";
    exit 1 if $why =~ /^(4401|4403|4409)$/;
    Mojo::IOLoop->timer($wait_s * (1 + rand 0.5) => \&run);
    $wait_s = $wait_s < 14.5 ? 2 * $wait_s + 1 : 30;
  });
}

run();
Mojo::IOLoop->start;
