import type { Container } from './compose-project';
import { containerProblems } from './container-problems';

const port = { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] };

function container(service: string, changes: Partial<Container['HostConfig']> = {}, user = '1:1') {
  return {
    Config: { Image: '', User: user, Labels: { 'com.docker.compose.service': service } },
    State: { Health: { Status: 'healthy' } },
    Mounts: [{ Type: 'bind' }, { Type: 'volume', Name: 'project_data' }],
    HostConfig: {
      ReadonlyRootfs: true,
      Memory: 1,
      NanoCpus: 1,
      PidsLimit: 1,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      PortBindings: {},
      LogConfig: { Config: { 'max-size': '10m' } },
      ...changes,
    },
  } as unknown as Container;
}

it('finds nothing wrong with containers that are locked up', () => {
  const containers = [container('lb', { PortBindings: port }), container('redis', {}, 'redis')];
  expect(containerProblems(containers)).toEqual([]);
});

it.each([
  [{ ReadonlyRootfs: false }, 'may write its root file system'],
  [{ CapDrop: null }, 'keeps capabilities'],
  [{ SecurityOpt: null }, 'may gain privileges'],
  [{ Memory: 0 }, 'has no limit of memory'],
  [{ NanoCpus: 0 }, 'has no limit of processor'],
  [{ PidsLimit: null }, 'has no limit of processes'],
  [{ LogConfig: { Config: {} } }, 'has logs without bounds'],
  [{ PortBindings: port }, 'publishes a port'],
])('finds %j', (changes, problem) => {
  expect(containerProblems([container('gateway', changes)])).toEqual([`gateway ${problem}`]);
});

it('finds a volume that only the engine has named', () => {
  const redis = { ...container('redis'), Mounts: [{ Type: 'volume', Name: 'ab'.repeat(32) }] };
  expect(containerProblems([redis])).toEqual(['redis has a volume without a name']);
});

it.each(['', 'root', '0', '0:10001'])('finds the user "%s"', (user) => {
  expect(containerProblems([container('auth', {}, user)])).toEqual(['auth runs as root']);
});
