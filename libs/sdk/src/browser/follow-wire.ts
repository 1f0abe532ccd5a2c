import type { Ack, RequestName } from '@agent-messenger/contracts';
import { disconnected, type Wire, type WireHooks } from '../connection/wire';
import { MessengerError } from '../errors';
import type { TabMessage, Tabs } from './tabs';

type Answered = (answer: Ack<RequestName>) => void;

/** A wire through the tab that leads: what it sends goes out there, and it hears what that tab hears. */
export function followWire(tabs: Tabs, leaderId: string | null, { hear, end }: WireHooks): Wire {
  const answers = new Map<number, Answered>();
  let requests = 0;
  let leader = leaderId;
  let isConnected = false;
  const unlisten = tabs.listen((message) => {
    if (message.what === 'alive' && leader === null) leader = message.from;
    // `lead` may have been missed: a leader says that it is alive as long as it leads.
    if (message.what === 'lead' || message.what === 'alive') return moved(message.from);
    // What was said while this page stood at a breakpoint is lost: who has a connection leads.
    if (isGreeting(message)) leader = message.from;
    if (message.from !== leader) return;
    take(message);
  });

  function isGreeting(message: TabMessage): boolean {
    if (isConnected || message.what !== 'event' || message.event.name !== 'connected') return false;
    return isForHere(message);
  }
  function isForHere({ to }: { to: string | null }): boolean {
    return to === null || to === tabs.id;
  }

  function moved(to: string): void {
    if (to !== leader) end({ ...disconnected('another tab leads'), delayMs: 0 });
  }
  function take(message: TabMessage): void {
    if (message.what === 'event' && isForHere(message)) {
      isConnected ||= message.event.name === 'connected';
      hear(message.event);
    } else if (message.what === 'answer' && message.to === tabs.id) {
      const answered = answers.get(message.id);
      answers.delete(message.id);
      answered?.(message.answer);
    } else if (message.what === 'end') {
      const { code, message: text, retryAfterMs, reconnect, delayMs } = message.end;
      end({ error: new MessengerError(code, text, { retryAfterMs }), reconnect, delayMs });
    }
  }

  tabs.post({ what: 'open', from: tabs.id });
  return {
    send(name, payload, answered) {
      // The leader's connection has a token of the same login, which it renews by itself.
      if (name === 'auth:refresh') return answered?.({ ok: true, expires_in: 0 } as never);
      const id = answered ? ++requests : null;
      if (id !== null) answers.set(id, answered!);
      tabs.post({ what: 'send', from: tabs.id, name, payload, id });
    },
    close() {
      unlisten();
      tabs.post({ what: 'close', from: tabs.id });
    },
  };
}
