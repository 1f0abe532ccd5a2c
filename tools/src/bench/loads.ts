import type { Member } from './member';

export interface RunningLoad {
  /** Sends nothing more; what is on its way remains. */
  stop(): void;
}

export type Load = (members: readonly Member[]) => RunningLoad;

/** Closed loop: each member always has this many sends without an answer. */
export function saturation(unacked: number): Load {
  return (members) => {
    for (const member of members) {
      member.onAnswer = () => member.send(performance.now());
      for (let n = 0; n < unacked; n += 1) member.send(performance.now());
    }
    return {
      stop() {
        for (const member of members) member.onAnswer = undefined;
      },
    };
  };
}

/**
 * Open loop: the members send in turn, on a schedule that waits for no answer. Latency counts from the scheduled time,
 * so that a stall shows in every message that it delays.
 */
export function steady(perSecond: number): Load {
  return (members) => {
    const intervalMs = 1_000 / perSecond;
    const start = performance.now();
    let count = 0;
    let timer: NodeJS.Timeout | undefined;

    const due = (): number => start + count * intervalMs;
    function sendDue(): void {
      for (const now = performance.now(); due() <= now; count += 1) {
        members[count % members.length]?.send(due());
      }
    }
    function tick(): void {
      sendDue();
      timer = setTimeout(tick, due() - performance.now());
    }
    tick();
    return {
      stop() {
        clearTimeout(timer);
        sendDue();
      },
    };
  };
}
