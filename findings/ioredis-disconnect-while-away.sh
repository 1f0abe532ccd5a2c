#!/usr/bin/env bash
# ioredis 6.0.0, on Node 20: disconnect() between two tries keeps the process for disconnectTimeout (2 s) more.
#
# The connector arms a timer that destroys its stream, and clears it at the stream's `close`. Of a connection that was
# lost the stream has closed before: the timer waits for an event that has been. A program that disconnects while Redis
# is away, and has nothing else to do, ends 2 s late; under Jest it "did not exit".
#
# Expected: nothing keeps the process. Seen: one timer of 2000 ms.
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ioredis@6.0.0
cat >seen.cjs <<'JS'
const { createServer } = require('node:net');
const { Redis } = require('ioredis');

// As a Redis that dies at each connection.
const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1', () => {
  const redis = new Redis(server.address().port, '127.0.0.1', { retryStrategy: () => 60_000 });
  redis.on('error', () => undefined);
  redis.once('reconnecting', () =>
    setImmediate(() => {
      redis.disconnect();
      server.close(() => {
        const timers = process.getActiveResourcesInfo().filter((each) => each === 'Timeout');
        const from = performance.now();
        process.once('exit', () => {
          const isLate = performance.now() - from > 1_900;
          console.log(`timers ${timers.length}, ${isLate ? 'ended 2 s late' : 'ended at once'}`);
        });
      });
    }),
  );
});
JS
seen=$(node seen.cjs)
echo "ioredis $(node -p "require('ioredis/package.json').version"), Node $(node --version): $seen"
[ "$seen" = "timers 1, ended 2 s late" ] || { echo "changed: expected 'timers 1, ended 2 s late'"; exit 1; }
