import type { Client, messagesCalls, PushPlatform } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { UnrecoverableError } from 'bullmq';
import type { CircuitBreaker } from '../circuit-breaker';
import type { PushMetrics } from '../metrics';
import type { Device, Notification, PushProvider, Verdict } from '../providers/provider';
import { PushError } from '../providers/provider';
import { backoff, spread } from './pauses';

export interface DeliverDeps {
  platform: PushPlatform;
  provider: PushProvider;
  /** Of one of the provider's servers. */
  breakerOf: (server: string) => CircuitBreaker;
  store: Pick<Client<typeof messagesCalls>, 'dropPushToken'>;
  log: Logger;
  metrics: PushMetrics;
}

interface Delivery {
  notification: Notification;
  device: Device;
  /** Runs of the job, this one included. */
  attempts: number;
}

/** `gone`: the device does not exist any more. */
export type Delivered = 'taken' | 'gone' | { retryMs: number };

/**
 * Hands a notification to the provider, if its breaker lets it through, and does what the verdict asks for.
 * @throws UnrecoverableError when it will never be taken
 */
export async function deliver(deps: DeliverDeps, delivery: Delivery): Promise<Delivered> {
  const breaker = deps.breakerOf(serverOf(deps, delivery));
  const untilTrial = breaker.enter();
  if (untilTrial > 0) return { retryMs: spread(untilTrial) };

  const verdict = await send(deps, breaker, delivery);
  if (!verdict) return 'taken';
  report(deps, delivery, verdict);
  const { outcome, reason, retryAfterMs = 0 } = verdict;
  if (outcome === 'refused') throw new UnrecoverableError(reason);
  if (outcome === 'gone') {
    await drop(deps, delivery.device, verdict);
    return 'gone';
  }
  const pause = spread(breaker.waitMs()) || backoff(delivery.attempts);
  return { retryMs: Math.max(retryAfterMs, pause) };
}

/** @throws UnrecoverableError for a device that nothing can be sent to, which says nothing about any server */
function serverOf(deps: DeliverDeps, delivery: Delivery): string {
  const { provider } = deps;
  try {
    return provider.serverOf?.(delivery.device) ?? provider.name;
  } catch (error) {
    if (!(error instanceof PushError)) throw error;
    report(deps, delivery, error.verdict);
    throw new UnrecoverableError(error.verdict.reason);
  }
}

/** Why it was not taken; undefined when it was. */
async function send(
  { provider, log, metrics }: DeliverDeps,
  breaker: CircuitBreaker,
  { notification, device }: Delivery,
): Promise<Verdict | undefined> {
  try {
    await provider.send(notification, device);
    breaker.succeed();
    return undefined;
  } catch (error) {
    if (error instanceof PushError) {
      const { outcome, retryAfterMs = 0 } = error.verdict;
      const isDown = outcome === 'down' || outcome === 'misconfigured';
      if (isDown) breaker.fail({ retryAfterMs, atOnce: outcome === 'misconfigured' });
      else breaker.succeed();
      return error.verdict;
    }
    breaker.fail();
    metrics.sendFailures.inc({ provider: provider.name, reason: 'unexpected' });
    const { user_id, conversation_id, seq } = notification;
    const name = error instanceof Error ? error.name : typeof error;
    // Texts of other errors can hold device tokens, which are in the paths of APNs.
    log.warn({ user_id, conversation_id, seq, error: name }, 'push failed unexpectedly');
    throw new Error('unexpected');
  }
}

function report(
  { platform, provider, log, metrics }: DeliverDeps,
  { notification, device }: Delivery,
  { outcome, reason, alarm }: Verdict,
): void {
  metrics.sendFailures.inc({ provider: provider.name, reason });
  const { user_id, conversation_id, seq } = notification;
  const { device_id } = device;
  const details = { user_id, conversation_id, device_id, seq, provider: provider.name, reason };
  if (outcome === 'misconfigured' || alarm) {
    metrics.misconfigured.inc({ platform });
    log.error(details, 'push is set up wrongly');
  } else {
    log.warn(details, 'push was not sent');
  }
}

/** Unless it was registered anew after its provider knew it to be dead. */
async function drop(
  { provider, store, metrics }: DeliverDeps,
  { token, registered_at }: Device,
  { reason, goneAt }: Verdict,
): Promise<void> {
  const registered_until = goneAt?.toISOString() ?? registered_at;
  const { dropped } = await store.dropPushToken({ token, registered_until });
  if (dropped) metrics.tokensPruned.inc({ provider: provider.name, reason });
}
