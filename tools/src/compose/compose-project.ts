import { waitFor } from '@agent-messenger/testkit';
import type { Engine } from './engine';
import { runCommand, type Output } from './run-command';

/** What is looked at of `docker inspect`. */
export interface Container {
  Id: string;
  Image: string;
  Name: string;
  RestartCount: number;
  State: {
    Running: boolean;
    ExitCode: number;
    OOMKilled: boolean;
    StartedAt: string;
    Health?: { Status: string };
  };
  Mounts: { Type: string; Name?: string }[];
  Config: { Image: string; User: string; Labels: Record<string, string> };
  HostConfig: {
    ReadonlyRootfs: boolean;
    Memory: number;
    NanoCpus: number;
    PidsLimit: number | null;
    CapDrop: string[] | null;
    SecurityOpt: string[] | null;
    PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
    LogConfig: { Config: Record<string, string> };
  };
}

export interface ProjectOptions {
  engine: Engine;
  /** Of the project, apart from all others: containers, networks and volumes have it in their names. */
  name: string;
  root: string;
  /** Used instead of the .env of this folder. */
  envFile: string;
  /** Besides docker-compose.yml. */
  overrides?: readonly string[];
  /** Of the commands; for compose it has precedence over the file. */
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

const HEALTHY_MS = 180_000;

/** `docker compose` is what the script has as arguments; an operator has a terminal, which is not here. */
const FOR_THIS_PROJECT = `
  project=("$@")
  docker() {
    if [[ $1 != compose ]]; then command docker "$@"; return; fi
    shift
    if [[ $1 =~ ^(exec|run)$ && $2 != -T ]]; then set -- "$1" -T "\${@:2}"; fi
    "\${project[@]}" "$@"
  }`;

/** docker-compose.yml as a project of its own. */
export class ComposeProject {
  constructor(private readonly options: ProjectOptions) {}

  /** The same project, but for these. */
  with(options: Partial<ProjectOptions>): ComposeProject {
    return new ComposeProject({ ...this.options, ...options });
  }

  /** The same project with images of this tag. */
  withImages(tag: string): ComposeProject {
    return this.with({ env: { ...this.options.env, IMAGE_TAG: tag } });
  }

  compose(...args: string[]): Promise<Output> {
    return this.run([...this.command, ...args]);
  }

  /** Runs commands of an operator, for whom `docker compose` is this project. */
  shell(commands: string): Promise<Output> {
    return this.run(['bash', '-ec', `${FOR_THIS_PROJECT}\n${commands}`, 'bash', ...this.command]);
  }

  /** Its name at the engine. */
  volume(name: string): string {
    return `${this.options.name}_${name}`;
  }

  docker(...args: string[]): Promise<Output> {
    return this.run(['docker', ...args]);
  }

  /** Of all services, or of one; stopped ones too. */
  async containers(service?: string): Promise<Container[]> {
    const filters = [`label=com.docker.compose.project=${this.options.name}`];
    if (service !== undefined) filters.push(`label=com.docker.compose.service=${service}`);
    const { stdout } = await this.docker(
      ...['ps', '--all', '--quiet', '--no-trunc'],
      ...filters.flatMap((filter) => ['--filter', filter]),
    );
    const ids = stdout.split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    return JSON.parse((await this.docker('inspect', ...ids)).stdout) as Container[];
  }

  /** Containers, networks and volumes that the engine has of it, and images that were built for it alone. */
  async remains(): Promise<string[]> {
    const { name } = this.options;
    const label = ['--filter', `label=com.docker.compose.project=${name}`];
    const lists = [
      ['ps', '--all', ...label, '--format', 'container {{.Names}}'],
      ['network', 'ls', ...label, '--format', 'network {{.Name}}'],
      ['volume', 'ls', ...label, '--format', 'volume {{.Name}}'],
      ['image', 'ls', '--filter', `reference=${name}/*`, '--format', 'image {{.Repository}}'],
    ];
    const found = await Promise.all(lists.map((list) => this.docker(...list)));
    return found.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
  }

  /** Resolves when all containers are healthy. */
  async healthy(service?: string): Promise<void> {
    await this.until(`healthy containers of ${service ?? 'all services'}`, async () => {
      const containers = await this.containers(service);
      return containers.length > 0 && containers.every(isHealthy);
    });
  }

  /** Ends all processes of a container but its init, as a crash does, and waits until it has come back by itself. */
  async crash({ Id, RestartCount, Config }: Container): Promise<void> {
    const service = serviceOf({ Config });
    // The shell that does it may be among those that end.
    await this.docker('exec', Id, 'sh', '-c', 'kill -9 -1').catch(() => undefined);
    await this.until(`${service} to come back`, async () => {
      const now = (await this.containers(service)).find((one) => one.Id === Id);
      return now && now.RestartCount > RestartCount && isHealthy(now);
    });
  }

  private get command(): string[] {
    const { engine, name, envFile, overrides = [] } = this.options;
    const files = ['docker-compose.yml', ...overrides].flatMap((file) => ['--file', file]);
    return [...engine.compose, '--project-name', name, '--env-file', envFile, ...files];
  }

  private async until(describe: string, condition: () => Promise<unknown>): Promise<void> {
    const { signal } = this.options;
    await waitFor(async () => signal.aborted || (await condition()), {
      timeoutMs: HEALTHY_MS,
      intervalMs: 500,
      describe,
    });
    signal.throwIfAborted();
  }

  private run(command: readonly string[]): Promise<Output> {
    const { root, env, signal } = this.options;
    return runCommand(command, { cwd: root, env, signal });
  }
}

export function serviceOf({ Config }: Pick<Container, 'Config'>): string {
  return Config.Labels['com.docker.compose.service'] ?? 'unknown';
}

function isHealthy({ State }: Container): boolean {
  return State.Running && State.Health?.Status === 'healthy';
}
