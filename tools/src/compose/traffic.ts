import { createRest, type Rest } from '@agent-messenger/sdk';
import {
  checkHistory,
  createAgent,
  createPerson,
  entriesOf,
  groupBy,
  Recorder,
  waitFor,
  type Violation,
} from '@agent-messenger/testkit';
import { Responder } from '../chaos/agents/responder';
import { Device } from '../chaos/device';
import { deliverToAllDevices, patiently, recordLogs } from '../chaos/final-state';
import { Pair } from '../chaos/pair';
import { createRandom } from '../chaos/random';
import { transportOf } from '../chaos/transports';

export interface TrafficOptions {
  /** The load balancer: there is no other way in, but for operators. */
  url: string;
  admin: { url: string; key: string };
  signal: AbortSignal;
}

/** With these every combination of transports is there: of the person, and of the agent. */
const PAIRS = 4;
const ANSWERED_MS = 90_000;

/** People and agents who talk all the time, by the SDK; everything is recorded. */
export class Traffic {
  readonly recorder: Recorder = new Recorder();
  /** What must not be in a log: passwords, API keys. */
  readonly secrets: string[] = [];
  private readonly pairs: Pair[] = [];
  private readonly members: { close(): Promise<unknown> }[] = [];
  readonly conversations: {
    id: string;
    reader: { username: string; password: string };
  }[] = [];
  private readonly rest: Rest;

  private constructor(private readonly options: TrafficOptions) {
    this.rest = createRest(options.url);
  }

  static async start(options: TrafficOptions): Promise<Traffic> {
    const traffic = new Traffic(options);
    try {
      for (let index = 0; index < PAIRS; index += 1) await traffic.addPair(index);
      for (const pair of traffic.pairs) pair.start();
      await traffic.flows();
      return traffic;
    } catch (error) {
      await traffic.close();
      throw error;
    }
  }

  get acked(): number {
    return entriesOf(this.recorder.entries, 'ack').length;
  }

  /**
   * Does something to the stack, and waits until everybody has answers again. Resolves with the longest time that
   * anybody meanwhile had to wait from one ack to the next, ms.
   */
  async during(name: string, fault: () => Promise<unknown>): Promise<number> {
    const note = (phase: 'begin' | 'end') =>
      this.recorder.record({ type: 'fault', name, phase, detail: '' });
    const begin = this.recorder.now;
    note('begin');
    await fault();
    note('end');
    await this.flows();
    const acks = entriesOf(this.recorder.entries, 'ack').filter(({ at }) => at >= begin);
    const waits = [...groupBy(acks, ({ conversation }) => conversation).values()].flatMap((own) =>
      own.map(({ at }, index) => at - (own[index - 1]?.at ?? begin)),
    );
    return Math.max(...waits);
  }

  /** Resolves when every person has the answer to a message that was sent from now on. */
  async flows(): Promise<void> {
    const { signal } = this.options;
    const since = this.recorder.now;
    const late = () => this.pairs.filter(({ answeredSentAt }) => answeredSentAt <= since);
    await waitFor(() => signal.aborted || late().length === 0, {
      timeoutMs: ANSWERED_MS,
      describe: 'an answer to everybody',
    });
    signal.throwIfAborted();
  }

  /** Ends it, waits until everything has arrived at all devices, those too that were off, and looks at the record. */
  async settle(): Promise<Violation[]> {
    await this.fallSilent();
    await deliverToAllDevices({ recorder: this.recorder, signal: this.options.signal }, this.pairs);
    await recordLogs([this.options.url], this);
    return checkHistory(this.recorder.entries);
  }

  /** They write no more, and have all answers. */
  async fallSilent(): Promise<void> {
    for (const pair of this.pairs) pair.stopWriting();
    await patiently(() => this.pairs.every(({ pending }) => pending === 0));
  }

  /** After `settle` or `fallSilent`: they write again. */
  goOn(): Promise<void> {
    for (const pair of this.pairs) pair.goOnWriting();
    return this.flows();
  }

  /** All that is in the conversations, as lines. */
  async history(): Promise<string[]> {
    const recorder = new Recorder();
    await recordLogs([this.options.url], { recorder, conversations: this.conversations });
    return entriesOf(recorder.entries, 'log').flatMap(({ conversation, events }) =>
      events.map((event) => `${conversation} ${JSON.stringify(event)}`),
    );
  }

  async close(): Promise<void> {
    for (const pair of this.pairs) pair.stop();
    await Promise.allSettled(this.members.map((member) => member.close()));
  }

  private async addPair(index: number): Promise<void> {
    const { recorder } = this;
    const { url, admin, signal } = this.options;
    const name = `pair${index}`;
    const person = await createPerson(url);
    const agent = await createAgent(admin.url, admin.key, { name: `${name} agent` });
    const { username, password, access_token: bearer } = person;
    const body = { agent_id: agent.id as `agt_${string}` };
    const { id } = await this.rest.request('createConversation', { body }, { bearer });
    this.conversations.push({ id, reader: { username, password } });
    this.secrets.push(password, agent.api_key, person.refresh_token);

    const responder = await Responder.connect({
      identity: agent.id,
      apiKey: agent.api_key,
      conversation: id,
      person: person.user_id,
      urls: [url],
      transport: transportOf('both', index),
      recorder,
    });
    this.members.push(responder);
    const pair = new Pair({
      name,
      conversation: id,
      person: person.user_id,
      agent: responder,
      random: createRandom(index + 1),
      now: () => recorder.now,
    });
    pair.devices = ['phone', 'laptop'].map(
      (kind) =>
        new Device({
          name: `${name} ${kind}`,
          identity: person.user_id,
          credentials: { username, password },
          conversation: id,
          agent: agent.id,
          urls: [url],
          transport: transportOf('both', Math.floor(index / 2)),
          recorder,
          onMessage: (message) => pair.note(message),
        }),
    );
    this.members.push(...pair.devices);
    await pair.devices[0]?.login(signal);
    this.pairs.push(pair);
  }
}
