import { serviceOf, type Container } from './compose-project';

const ENTRY = 'lb';

/** What is wrong with containers as the engine runs them, whatever files and images they were made from. */
export function containerProblems(containers: readonly Container[]): string[] {
  return containers.flatMap((container) => {
    const { Config, HostConfig, State } = container;
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
      ['publishes a port', service === ENTRY || ports.length === 0],
    ];
    return rules.filter(([, holds]) => !holds).map(([problem]) => `${service} ${problem}`);
  });
}
