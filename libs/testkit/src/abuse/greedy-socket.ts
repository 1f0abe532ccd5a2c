import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { waitFor } from '../wait-for';
import { timed } from './ask';
import type { AbuseScene } from './scene';

export const FRAME = { fragment: 0x01, ping: 0x89, pong: 0x8a };

export type GreedyTransport = 'Socket.IO' | 'plain WebSocket';
export const TRANSPORTS: readonly GreedyTransport[] = ['Socket.IO', 'plain WebSocket'];

/** What is kept of what came: no more than is looked for. */
const KEPT_FRAMES = 2_000;
const KEPT_CHARS = 2_000;
const NORMAL = 1000;

/** A WebSocket by hand, for what no client library would send. */
export class GreedySocket {
  readonly frames: string[] = [];
  private closeCode: number | undefined;
  private lastId = 0;

  private constructor(
    readonly socket: WebSocket,
    private readonly transport: GreedyTransport,
  ) {
    socket.on('message', (data: Buffer) => {
      this.frames.push(data.toString('utf8', 0, KEPT_CHARS));
      if (this.frames.length > KEPT_FRAMES) this.frames.shift();
    });
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  /** One that has not said who it is. */
  static async stranger(
    { url, address }: AbuseScene,
    transport: GreedyTransport,
    kind: 'client' | 'agent' = 'client',
  ): Promise<GreedySocket> {
    const path =
      transport === 'Socket.IO' ? '/socket.io/?EIO=4&transport=websocket' : `/${kind}/connect`;
    const socket = new WebSocket(url.replace('http', 'ws') + path, { localAddress: address });
    const greedy = new GreedySocket(socket, transport);
    await once(socket, 'open');
    return greedy;
  }

  /** A person's, after `synced`. */
  static async person(
    scene: AbuseScene,
    transport: GreedyTransport,
    token: string,
  ): Promise<GreedySocket> {
    return GreedySocket.known(await GreedySocket.stranger(scene, transport), { token }, 'client');
  }

  /** An agent's, after `synced`; it asks as a plain WebSocket does. */
  static async agent(scene: AbuseScene, api_key: string): Promise<GreedySocket> {
    const stranger = await GreedySocket.stranger(scene, 'plain WebSocket', 'agent');
    return GreedySocket.known(stranger, { api_key }, 'agent');
  }

  private static async known(
    greedy: GreedySocket,
    auth: object,
    kind: 'client' | 'agent',
  ): Promise<GreedySocket> {
    greedy.present(auth, kind);
    await waitFor(() => greedy.has('"synced"'), { intervalMs: 5 });
    return greedy;
  }

  present(auth: object, kind: 'client' | 'agent' = 'client'): void {
    if (this.transport === 'Socket.IO') this.send(`40/${kind},${JSON.stringify(auth)}`);
    else this.send(JSON.stringify({ type: 'auth', data: auth }));
  }

  send(data: string | Buffer): void {
    this.socket.send(data, () => undefined);
  }

  /** @returns `ok`, or the code of the refusal */
  async request(name: string, data: unknown): Promise<string> {
    const id = this.ask(name, data);
    const isAnswer = (text: string) =>
      this.transport === 'Socket.IO'
        ? text.startsWith(`43/client,${id}[`)
        : text.startsWith(`{"type":"ack","id":${id},`);
    await waitFor(() => this.isClosed || this.frames.some(isAnswer), { intervalMs: 2 });
    const answer = this.frames.find(isAnswer);
    return answer === undefined ? this.ended() : answerIn(answer);
  }

  /** Waits for no answer. @returns the request's id */
  ask(name: string, data: unknown): number {
    this.lastId += 1;
    const id = this.lastId;
    if (this.transport === 'Socket.IO') this.send(`42/client,${id}${JSON.stringify([name, data])}`);
    else this.send(JSON.stringify({ type: name, data, id }));
    return id;
  }

  /** So many frames in one piece; of a client they are masked, here with zeros. */
  flood(firstByte: number, payload: string, count: number): void {
    const head = Buffer.from([firstByte, 0x80 | payload.length, 0, 0, 0, 0]);
    const one = Buffer.concat([head, Buffer.from(payload)]);
    this.tcp.write(Buffer.concat(Array.from({ length: count }, () => one)));
  }

  /** The code of a refusal that an event of this name tells. */
  told(event: string): string | undefined {
    const text = this.frames.find(
      (frame) => frame.includes(`"${event}"`) && frame.includes('"code"'),
    );
    return text === undefined ? undefined : answerIn(text);
  }

  has(text: string): boolean {
    return this.frames.some((frame) => frame.includes(text));
  }

  stopReading(): void {
    this.tcp.pause();
  }

  get isClosed(): boolean {
    return this.closeCode !== undefined || this.tcp.destroyed;
  }

  /** How it was ended: by which code, or without one. */
  async ended(): Promise<string> {
    await waitFor(() => this.isClosed, { timeoutMs: 40_000, describe: 'its end' });
    const told = this.frames.findLast((text) => /"closing"|"error"|^44/.test(text));
    if (told) return `closed: ${answerIn(told)}`;
    const code = this.closeCode;
    return code === undefined || code === 1006 || code === NORMAL ? 'cut' : `closed: ${code}`;
  }

  close(): void {
    this.socket.terminate();
  }

  private get tcp(): Socket {
    return (this.socket as unknown as { _socket: Socket })._socket;
  }
}

function answerIn(text: string): string {
  if (text.includes('"ok":true')) return 'ok';
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? 'unknown';
  const retry = /"retry_after_ms":(\d+)/.exec(text)?.[1];
  return timed(code, retry === undefined ? undefined : Number(retry));
}
