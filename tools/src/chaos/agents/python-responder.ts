import { findRoot, PYTHON, waitFor } from '@agent-messenger/testkit';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { BACKOFF } from '../backoff';
import { AgentLog, type AgentReport } from './agent-log';
import { CONNECT_MS, type ChaosAgent, type ChaosAgentOptions } from './chaos-agent';

type Line = AgentReport | { type: 'ready' } | { type: 'watching' };
type Command =
  { do: 'say'; client_id: string; content: string } | { do: 'watch'; identity: string };

interface Program {
  child: ChildProcessByStdio<Writable, Readable, null>;
  heard: Set<Line['type']>;
  /** Everything that it reported was read. */
  over: Promise<unknown>;
}

/** On the Python SDK, in a process of its own. */
export class PythonResponder implements ChaosAgent {
  readonly log: AgentLog;
  private program: Program;

  private constructor(
    private readonly options: ChaosAgentOptions,
    private readonly logFile: string,
  ) {
    const { recorder, identity, conversation } = options;
    this.log = new AgentLog(recorder, { conversation, identity });
    this.program = this.run();
  }

  /** @param logFile where its errors go */
  static async connect(options: ChaosAgentOptions, logFile: string): Promise<PythonResponder> {
    const responder = new PythonResponder(options, logFile);
    await responder.hear('ready');
    return responder;
  }

  say(clientId: string, content: string): void {
    this.order({ do: 'say', client_id: clientId, content });
  }

  async watchPerson(): Promise<void> {
    this.order({ do: 'watch', identity: this.options.person });
    await this.hear('watching');
  }

  async restart(): Promise<void> {
    const { child, over } = this.program;
    child.kill('SIGKILL');
    await over;
    this.program = this.run();
    await this.hear('ready');
  }

  async close(): Promise<void> {
    this.program.child.stdin.end();
    await this.program.over;
  }

  private run(): Program {
    const { urls, apiKey, conversation } = this.options;
    const root = findRoot();
    const errors = openSync(this.logFile, 'a');
    const child = spawn(PYTHON, [join(root, 'tools/src/chaos/agents/responder.py')], {
      env: {
        PYTHONPATH: join(root, 'sdks/python/src'),
        PYTHONDONTWRITEBYTECODE: '1',
        AGENT_MESSENGER_URL: urls.join(),
        AGENT_API_KEY: apiKey,
        CONVERSATION: conversation,
        CONNECT_S: `${CONNECT_MS / 1_000}`,
        MIN_MS: `${BACKOFF.minMs}`,
        MAX_MS: `${BACKOFF.maxMs}`,
      },
      stdio: ['pipe', 'pipe', errors],
    }) as Program['child'];
    closeSync(errors);
    const report = this.log.begin();
    const heard: Program['heard'] = new Set();
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const said = JSON.parse(line) as Line;
      heard.add(said.type);
      if (said.type !== 'ready' && said.type !== 'watching') report(said);
    });
    // One that has ended takes no commands.
    child.stdin.on('error', () => undefined);
    const over = Promise.all([once(child, 'close'), once(lines, 'close')]).then(([[code]]) =>
      report({ type: 'disconnected', reason: `the process ended with ${code}` }),
    );
    return { child, heard, over };
  }

  private order(command: Command): void {
    this.program.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  private async hear(what: 'ready' | 'watching'): Promise<void> {
    const { child, heard } = this.program;
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    const describe = `the Python agent to be ${what}`;
    await waitFor(() => heard.has(what) || hasEnded(), { timeoutMs: CONNECT_MS, describe });
    if (!heard.has(what)) throw new Error(`${describe}: it has ended, see ${this.logFile}`);
  }
}
