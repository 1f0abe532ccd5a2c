import { documented, DOCUMENTED, type Documented } from './documented';

it.each(Object.keys(DOCUMENTED) as Documented[])('finds commands for: %s', (what) => {
  expect(documented(what).join('\n')).not.toMatch(/npm|kubectl|git/);
});

it('takes those that go on in further lines as a whole', () => {
  const commands = documented('restoreDump');
  expect(commands.map((command) => command.split(/ +/).slice(0, 3).join(' '))).toEqual(
    ['stop', 'exec', 'exec', 'up', 'exec'].map((name) => `docker compose ${name}`),
  );
  expect(commands[2]).toMatch(/pg_restore .*'$/);
});
