import type { Client } from '../src';
import { BrowserOutbox } from '../src/browser/browser-outbox';
import type { Unsent, UnsentStore } from '../src/browser/browser-store';
import { until } from './until';

class MemoryStore implements UnsentStore {
  kept: Unsent[] = [];
  isThere = true;

  async all(): Promise<Unsent[]> {
    this.#check();
    return [...this.kept];
  }
  async add(send: Unsent): Promise<void> {
    this.#check();
    this.kept.push(send);
  }
  async update(send: Unsent): Promise<void> {
    this.kept = this.kept.map((each) => (each.client_id === send.client_id ? send : each));
  }
  async remove(clientId: string): Promise<void> {
    this.kept = this.kept.filter(({ client_id }) => client_id !== clientId);
  }
  /** As a database that another tab had closed. */
  #check(): void {
    if (!this.isThere) throw new DOMException('closing', 'InvalidStateError');
  }
}

const send = (content: string) =>
  ({ conversation_id: 'cnv_1', client_id: content, content }) as Omit<Unsent, 'written_at'>;

let store: MemoryStore;
let open: BrowserOutbox[];
let outbox: BrowserOutbox;
let shown: string[];
let sent: string[];
/** Another tab has the lock and never gives it back. */
let isLockHeld: boolean;
const client = {
  conversation: () => ({
    async send(content: string) {
      sent.push(content);
      return { message: { content }, duplicate: false };
    },
  }),
} as unknown as Client;

const { navigator } = globalThis;
beforeEach(() => {
  const locks = {
    async request(_name: string, { steal }: LockOptions, run: () => Promise<void>) {
      if (isLockHeld && !steal) throw new DOMException('in vain', 'TimeoutError');
      isLockHeld = false;
      return run();
    },
  };
  isLockHeld = false;
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks } });
  [store, shown, sent, open] = [new MemoryStore(), [], [], []];
  outbox = tab((contents) => (shown = contents));
});
afterEach(() => {
  for (const each of open) each.close();
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: navigator });
});

function tab(onChange: (contents: string[]) => void): BrowserOutbox {
  const made = new BrowserOutbox({
    store,
    name: 'test',
    onChange: (unsent) => onChange(unsent.map(({ content }) => content)),
    onSent: () => undefined,
  });
  open.push(made);
  return made;
}

// A rejection that nobody handles fails the test during which it comes.
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('keeps what waits while the store does not answer, and sends it when it does', async () => {
  await outbox.add(send('one'));
  store.isThere = false;
  await expect(outbox.add(send('two'))).rejects.toThrow('closing');
  outbox.use(client);
  await turn();
  expect({ shown, sent }).toEqual({ shown: ['one'], sent: [] });
  store.isThere = true;
  await outbox.add(send('three'));
  await until(() => shown.length === 0, 'nothing waits');
  expect(sent).toEqual(['one', 'three']);
});

it('writes down what is added after its end', async () => {
  outbox.close();
  await outbox.add(send('late'));
  expect(store.kept).toMatchObject([{ content: 'late' }]);
});

it('sends what another tab has written down and is gone before it is connected', async () => {
  outbox.use(client);
  const other = tab(() => undefined);
  await other.add(send('last words'));
  other.close();
  await until(() => sent.length === 1, 'sent by the tab that is connected');
  await until(() => store.kept.length === 0, 'nothing waits');
});

it('takes the lock from a tab that does not go on', async () => {
  isLockHeld = true;
  outbox.use(client);
  await outbox.add(send('one'));
  await turn();
  expect(sent).toEqual(['one']);
  expect(shown).toEqual([]);
});
