import type { PushPlatform } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { CircuitBreaker } from './circuit-breaker';
import type { PushMetrics } from './metrics';

const BREAKER = { failures: 5, firstMs: 1_000 };

interface BreakersOptions {
  platform: PushPlatform;
  /** Longest pause, milliseconds. */
  longestMs: number;
  log: Logger;
  metrics: PushMetrics;
}

/** The breakers of a provider's servers, each made when it is first asked for. */
export function createBreakers(options: BreakersOptions): (server: string) => CircuitBreaker {
  const { platform, longestMs, log, metrics } = options;
  const breakers = new Map<string, CircuitBreaker>();
  metrics.breakerOpen.set({ platform }, 0);

  function create(server: string): CircuitBreaker {
    return new CircuitBreaker({
      ...BREAKER,
      longestMs,
      onChange(open) {
        const someOpen = [...breakers.values()].some(({ isOpen }) => isOpen);
        metrics.breakerOpen.set({ platform }, someOpen ? 1 : 0);
        if (open) log.warn({ server }, 'the push provider does not work: its jobs wait');
        else log.info({ server }, 'the push provider works again');
      },
    });
  }

  return (server) => {
    const breaker = breakers.get(server) ?? create(server);
    breakers.set(server, breaker);
    return breaker;
  };
}
