import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { dirname } from 'node:path';

/** Loaded into a service with --require: what --cpu-prof does, which NODE_OPTIONS does not allow. */
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');

process.once('exit', () => {
  // Within one thread the answer comes before `post` returns.
  session.post('Profiler.stop', (error, { profile }) => {
    if (error) throw error;
    const file = `${process.env['CPU_PROFILE']}-${process.pid}.cpuprofile`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(profile));
  });
});
