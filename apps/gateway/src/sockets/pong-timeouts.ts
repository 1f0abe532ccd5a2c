import type { Actor } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import type { GatewayConfig } from '../config';
import { webSocketOf, type EngineSocket } from './socket-io-connection';

/** How long the pong of each may take, ms. */
export type PongTimeouts = Record<Actor['kind'], number>;

export function pongTimeoutsOf({
  AGENT_PONG_TIMEOUT_MS: agent,
}: Pick<GatewayConfig, 'AGENT_PONG_TIMEOUT_MS'>): PongTimeouts {
  return { user: LIMITS.pingTimeoutMs, agent };
}

export function longestPong(timeouts: PongTimeouts): number {
  return Math.max(...Object.values(timeouts));
}

/**
 * Cuts a Socket.IO peer that answers no ping within its time, if that is shorter than Engine.IO's own.
 *
 * @returns whether it was cut for that
 */
export function cutSilent(
  engine: EngineSocket,
  timeoutMs: number,
  engineTimeoutMs: number,
): { readonly wasSilent: boolean } {
  const peer = { wasSilent: false };
  if (timeoutMs >= engineTimeoutMs) return peer;
  let overdue: NodeJS.Timeout | undefined;
  const answered = () => {
    clearTimeout(overdue);
    overdue = undefined;
  };
  engine.on('packetCreate', ({ type }: { type: string }) => {
    if (type !== 'ping') return;
    overdue ??= setTimeout(() => {
      peer.wasSilent = true;
      webSocketOf(engine).terminate();
    }, timeoutMs);
  });
  engine.on('heartbeat', answered);
  engine.once('close', answered);
  return peer;
}
