import { join } from 'node:path';
import { KILLED_AGENTS } from '../schedule';
import type { ChaosAgent, ChaosAgentOptions } from './chaos-agent';
import { PythonResponder } from './python-responder';
import { Responder } from './responder';

export type Language = 'typescript' | 'python';

/** Of so many pairs one has an agent on the Python SDK, where that runs. */
const EVERY_NTH = KILLED_AGENTS;

export function languageOf(index: number, isPythonHere: boolean): Language {
  return isPythonHere && index % EVERY_NTH === 1 ? 'python' : 'typescript';
}

export function startAgent(
  language: Language,
  options: ChaosAgentOptions,
  dataDir: string,
): Promise<ChaosAgent> {
  if (language === 'typescript') return Responder.connect(options);
  return PythonResponder.connect(options, join(dataDir, `agent-${options.identity}.log`));
}
