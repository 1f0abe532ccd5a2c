// Preloaded: kills its process, as a power cut would, right before the n-th change of the file system.
const fs = require('node:fs');

let left = Number(process.env.KILL_AT);
for (const name of ['copyFileSync', 'fsyncSync', 'linkSync', 'renameSync']) {
  const change = fs[name];
  fs[name] = (...args) => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    return change(...args);
  };
}
