# Varnish before two gateways. docs/proxies.md says why each line is there. Start it with
#   varnishd -a :8080 -f varnish.vcl -p pipe_timeout=75 -p http_req_hdr_len=32k -p http_req_size=64k
# and log without queries: varnishncsa -F '%h %m %U %s'
# Replace gateway-1.internal and gateway-2.internal; TRUST_PROXY of the gateways is the address of this machine.
vcl 4.1;

import directors;
import std;

# A gateway that drains is asked for nothing new; what is open there goes on until it ends.
probe readyz {
  .url = "/readyz";
  .interval = 500ms;
  .timeout = 2s;
  .window = 1;
  .threshold = 1;
}

backend gateway_1 {
  .host = "gateway-1.internal";
  .port = "8080";
  .probe = readyz;
  .connect_timeout = 1s;
  .first_byte_timeout = 75s;
  .between_bytes_timeout = 75s;
}

backend gateway_2 {
  .host = "gateway-2.internal";
  .port = "8080";
  .probe = readyz;
  .connect_timeout = 1s;
  .first_byte_timeout = 75s;
  .between_bytes_timeout = 75s;
}

sub vcl_init {
  new gateways = directors.round_robin();
  gateways.add_backend(gateway_1);
  gateways.add_backend(gateway_2);
}

sub vcl_recv {
  # Not added: what a client says of its address does not count.
  set req.http.X-Forwarded-For = client.ip;
  set req.backend_hint = gateways.backend();
  # Else a handshake without a gateway gets no answer at all.
  if (!std.healthy(req.backend_hint)) {
    return (synth(503, "No gateway answers"));
  }
  if (req.http.Upgrade ~ "(?i)websocket") {
    return (pipe);
  }
  # Nothing of a messenger may be kept.
  return (pass);
}

sub vcl_pipe {
  if (req.http.Upgrade) {
    set bereq.http.Upgrade = req.http.Upgrade;
    set bereq.http.Connection = req.http.Connection;
  }
}

sub vcl_synth {
  set resp.http.Retry-After = "1";
  return (deliver);
}
