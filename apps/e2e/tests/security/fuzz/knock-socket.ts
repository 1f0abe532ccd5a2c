import { ERROR_CODES } from '@agent-messenger/contracts';
import type { Transport } from '@agent-messenger/testkit';
import { requestInputs } from '../request-inputs';
import type { Scene } from '../scene';
import { FuzzSocket } from './fuzz-socket';
import { MARKER, mutated, mutatedBytes } from './mutations';
import type { FrameProbe, HandshakeProbe, RequestProbe } from './probe';

/** What a request of a healthy system is never answered. */
const NEVER = ['internal', 'unavailable'];

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
  async knockRequest({ transport, name, changes, further }: RequestProbe): Promise<string> {
    const socket = await this.connected(transport);
    const payload = mutated(requestInputs[name](this.scene, this.party), changes);
    const id = this.next();
    // Without a payload an ack would be its first argument.
    socket.send(socket.request(id, name, payload ?? null, further));
    return this.judge(socket, id, `${name} ${JSON.stringify(payload)?.slice(0, 300)}`);
  }

  /** The connection may end. If it does not, it must go on as if nothing had happened. */
  async knockFrame({ transport, name, isBinary, bytes }: FrameProbe): Promise<string> {
    const socket = await this.connected(transport);
    const right = socket.request(this.next(), name, requestInputs[name](this.scene, this.party));
    const frame = mutatedBytes(Buffer.from(right), bytes);
    socket.send(frame, { binary: isBinary });
    const id = this.next();
    socket.send(socket.request(id, 'presence:watch', { identities: [] }));
    const answer = await socket.answer(id);
    if (answer !== undefined && !answer.ok) throw new Error(`after it: ${JSON.stringify(answer)}`);
    return answer === undefined ? `closed ${socket.closeCode}` : 'goes on';
  }

  close(): void {
    this.socket?.close();
  }

  private next(): number {
    this.requests += 1;
    return this.requests;
  }

  private async judge(socket: FuzzSocket, id: number, what: string): Promise<string> {
    const answer = await socket.answer(id);
    if (answer === undefined) throw new Error(`closed ${socket.closeCode}: ${what}`);
    if (answer.ok) return 'ok';
    const { code } = answer.error ?? { code: 'none' };
    const told = JSON.stringify(answer);
    if (NEVER.includes(code) || !(ERROR_CODES as string[]).includes(code)) {
      throw new Error(`${told}: ${what}`);
    }
    if (told.includes(MARKER)) throw new Error(`it repeats what it was given: ${told}`);
    return code;
  }

  private async connected(transport: Transport): Promise<FuzzSocket> {
    if (this.socket?.isOpen && this.transport === transport) return this.socket;
    this.socket?.close();
    this.socket = await FuzzSocket.connected(this.url, transport, this.party);
    this.transport = transport;
    return this.socket;
  }
}

/** It must be let in or refused, and not left waiting. */
export async function knockHandshake(
  url: string,
  { transport, namespace, changes, bytes }: HandshakeProbe,
  { person, agent }: Scene,
): Promise<string> {
  const socket = await FuzzSocket.open(url, transport, namespace);
  const auth = namespace === '/client' ? { token: person.token } : { api_key: agent.apiKey };
  const presented = mutated({ ...auth, protocol: 1 }, changes);
  const frame = mutatedBytes(Buffer.from(socket.credentials(presented)), bytes);
  socket.send(frame);
  const greeting = await socket.until((text) => text.includes('"connected"'));
  socket.close();
  return greeting === undefined ? `closed ${socket.closeCode}` : 'let in';
}
