import { LaunchError } from '@agent-messenger/testkit';
import { runCommand, type CommandOptions } from './run-command';

/** The commands with which containers are run here. */
export interface Engine {
  compose: readonly string[];
  /** For people. */
  description: string;
}

/** @throws LaunchError that says what is missing */
export async function findEngine(options: CommandOptions): Promise<Engine> {
  const ask = async (...command: string[]): Promise<string | undefined> => {
    try {
      return (await runCommand(command, options)).stdout.trim();
    } catch {
      options.signal.throwIfAborted();
      return undefined;
    }
  };
  const server = await ask('docker', 'version', '--format', '{{.Server.Version}}');
  if (!server) throw new LaunchError('No Docker engine answers: `docker version` fails.');
  for (const compose of [['docker', 'compose'], ['docker-compose']]) {
    const version = await ask(...compose, 'version', '--short');
    if (!version) continue;
    return { compose, description: `engine ${server}, ${compose.join(' ')} ${version}` };
  }
  throw new LaunchError('Neither `docker compose` nor `docker-compose` is here.');
}
