import { serviceOf, type Container } from './compose-project';

const ENTRY = 'lb';
/** What the engine calls a volume that nobody names: no container that comes later finds it, and it stays. */
const NAMELESS = /^[\da-f]{64}$/;

/** What is wrong with containers as the engine runs them, whatever files and images they were made from. */
export function containerProblems(containers: readonly Container[]): string[] {
  return containers.flatMap((container) => {
    const { Config, HostConfig, Mounts, State } = container;
    const service = serviceOf(container);
    const ports = Object.values(HostConfig.PortBindings ?? {}).flatMap(
      (bindings) => bindings ?? [],
    );
    const rules: [string, boolean][] = [
      ['runs as root', !['', 'root'].includes(Config.User) && !/^0(:|$)/.test(Config.User)],
      ['may write its root file system', HostConfig.ReadonlyRootfs],
      ['keeps capabilities', HostConfig.CapDrop?.includes('ALL') ?? false],
      [
        'may gain privileges',
        HostConfig.SecurityOpt?.some((option) => option.startsWith('no-new-privileges')) ?? false,
      ],
      ['has no limit of memory', HostConfig.Memory > 0],
      ['has no limit of processor', HostConfig.NanoCpus > 0],
      ['has no limit of processes', (HostConfig.PidsLimit ?? 0) > 0],
      ['has logs without bounds', 'max-size' in HostConfig.LogConfig.Config],
      ['has no health check', State.Health !== undefined],
      ['has a volume without a name', !Mounts.some(({ Name = '' }) => NAMELESS.test(Name))],
      ['publishes a port', service === ENTRY || ports.length === 0],
    ];
    return rules.filter(([, holds]) => !holds).map(([problem]) => `${service} ${problem}`);
  });
}
