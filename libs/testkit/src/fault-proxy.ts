import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { DelayedPipe } from './delayed-pipe';

export interface FaultProxyOptions {
  /** Where connections go: a port of 127.0.0.1. */
  target: number;
}

/** A TCP proxy on 127.0.0.1 that can be a bad network. Begins healthy. */
export interface FaultProxy {
  readonly port: number;
  /** Both ways, from now on; 0 ends it. */
  latency(ms: number): void;
  /** New connections go to that port from now on; those that are open stay where they are. */
  retarget(port: number): void;
  /** Resets all connections and every new one. */
  cut(): void;
  /** Keeps connections, and takes new ones, but reads from neither side: their buffers fill, and nobody is told. */
  halfOpen(): void;
  /** Healthy again, without latency; what was held back goes on. */
  heal(): void;
  close(): Promise<void>;
}

type State = 'healthy' | 'cut' | 'half-open';

interface Link {
  sockets: [Socket, Socket];
  pipes: [DelayedPipe, DelayedPipe];
}

/** Stands between two processes of a stack and fails as networks do. */
export async function startFaultProxy({
  target: firstTarget,
}: FaultProxyOptions): Promise<FaultProxy> {
  const links = new Set<Link>();
  let state: State = 'healthy';
  let latencyMs = 0;
  let target = firstTarget;

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (state === 'cut') return void socket.resetAndDestroy();
    open(socket);
  });

  function open(near: Socket): void {
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const link: Link = {
      sockets: [near, far],
      pipes: [new DelayedPipe(near, far), new DelayedPipe(far, near)],
    };
    links.add(link);
    for (const pipe of link.pipes) pipe.latencyMs = latencyMs;
    for (const socket of link.sockets) {
      socket.setNoDelay(true);
      // The close that follows is what counts.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // Half-open: the other side must not notice.
        if (state !== 'half-open') end(link);
      });
    }
    if (state === 'half-open') hold(link);
  }

  function hold({ pipes }: Link): void {
    for (const pipe of pipes) pipe.hold();
  }

  function end(link: Link): void {
    links.delete(link);
    const [near, far] = link.sockets;
    const orderly = near.readableEnded && far.readableEnded;
    for (const pipe of link.pipes) pipe.stop();
    for (const socket of link.sockets) {
      if (orderly) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  function setLatency(ms: number): void {
    latencyMs = ms;
    for (const { pipes } of links) for (const pipe of pipes) pipe.latencyMs = ms;
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    latency: setLatency,
    retarget: (port) => void (target = port),
    cut() {
      state = 'cut';
      for (const link of links) end(link);
    },
    halfOpen() {
      state = 'half-open';
      for (const link of links) hold(link);
    },
    heal() {
      state = 'healthy';
      setLatency(0);
      for (const link of links) {
        if (link.sockets.some(({ closed }) => closed)) end(link);
        else for (const pipe of link.pipes) pipe.release();
      }
    },
    async close() {
      server.close();
      for (const link of links) end(link);
      if (server.listening) await once(server, 'close');
    },
  };
}
