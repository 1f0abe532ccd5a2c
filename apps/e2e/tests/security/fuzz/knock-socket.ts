import type { Transport } from '@agent-messenger/testkit';
import { requestInputs } from '../request-inputs';
import type { Scene } from '../scene';
import { FuzzSocket } from './fuzz-socket';
import { isSame, judgeRefusal, type Knock } from './judge';
import { mutated, mutatedBytes } from './mutations';
import type { FrameProbe, HandshakeProbe, RequestProbe } from './probe';

/** A person or an agent, connected on both transports in turn, that sends what it should and what it should not. */
export class SocketDoor {
  private socket: FuzzSocket | undefined;
  private transport: Transport | undefined;
  private requests = 0;

  constructor(
    private readonly url: string,
    private readonly scene: Scene,
    private readonly party: Scene['person'] | Scene['agent'],
  ) {}

  /** It has the right form for its transport: it must be answered, and the connection goes on. */
  async knockRequest({ transport, name, changes, further }: RequestProbe): Promise<Knock> {
    const socket = await this.connected(transport);
    const right = requestInputs[name](this.scene, this.party);
    const payload = mutated(right, changes);
    const id = this.next();
    // Without a payload an ack would be its first argument.
    socket.send(socket.request(id, name, payload ?? null, further));
    const outcome = await outcomeOf(socket, id);
    return { outcome, isMalformed: further.length > 0 || !isSame(payload, right) };
  }

  /** The connection may end. If it does not, it must go on as if nothing had happened. */
  async knockFrame({ transport, name, isBinary, bytes }: FrameProbe): Promise<Knock> {
    const socket = await this.connected(transport);
    const right = socket.request(this.next(), name, requestInputs[name](this.scene, this.party));
    const frame = mutatedBytes(Buffer.from(right), bytes);
    const isMalformed = isBinary || frame.toString() !== right;
    socket.send(frame, { binary: isBinary });
    const id = this.next();
    socket.send(socket.request(id, 'presence:watch', { identities: [] }));
    const answer = await socket.answer(id);
    if (answer !== undefined && !answer.ok) throw new Error(`after it: ${JSON.stringify(answer)}`);
    const outcome = answer === undefined ? `closed ${socket.closeCode}` : 'goes on';
    return { outcome, isMalformed };
  }

  close(): void {
    this.socket?.close();
  }

  private next(): number {
    this.requests += 1;
    return this.requests;
  }

  private async connected(transport: Transport): Promise<FuzzSocket> {
    if (this.socket?.isOpen && this.transport === transport) return this.socket;
    this.socket?.close();
    this.socket = await FuzzSocket.connected(this.url, transport, this.party);
    this.transport = transport;
    return this.socket;
  }
}

async function outcomeOf(socket: FuzzSocket, id: number): Promise<string> {
  const answer = await socket.answer(id);
  if (answer === undefined) throw new Error(`closed ${socket.closeCode}`);
  if (answer.ok) return 'ok';
  const { code } = answer.error ?? { code: 'none' };
  judgeRefusal(code, JSON.stringify(answer));
  return code;
}

/** It must be let in or refused, and not left waiting. */
export async function knockHandshake(
  url: string,
  { transport, namespace, changes, bytes }: HandshakeProbe,
  { person, agent }: Scene,
): Promise<Knock> {
  const socket = await FuzzSocket.open(url, transport, namespace);
  const auth = namespace === '/client' ? { token: person.token } : { api_key: agent.apiKey };
  const right = { ...auth, protocol: 1 };
  const presented = mutated(right, changes);
  const frame = mutatedBytes(Buffer.from(socket.credentials(presented)), bytes);
  socket.send(frame);
  const greeting = await socket.until((text) => text.includes('"connected"'));
  socket.close();
  return {
    outcome: greeting === undefined ? `closed ${socket.closeCode}` : 'let in',
    isMalformed: frame.toString() !== socket.credentials(right),
  };
}
