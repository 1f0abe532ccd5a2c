// Loaded into processes with NODE_OPTIONS=--require: writes a line for everything that a process, or a worker of it,
// reaches out to: TCP, pipes, UDP, names that it looks up, programs that it starts. RECORD_CONNECTIONS is the folder.
'use strict';

const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const childProcess = require('node:child_process');
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');

const file = join(process.env.RECORD_CONNECTIONS, `${process.pid}.jsonl`);
const program = process.argv[1] ?? 'none';

function note(kind, target) {
  appendFileSync(file, `${JSON.stringify({ program, kind, target: String(target) })}\n`);
}

/** Replaces a function by one that notes what it was called with and then does the same. */
function wrap(object, name, describe) {
  const original = object[name];
  if (typeof original !== 'function') return;
  object[name] = function recorded(...args) {
    const [kind, target] = describe(args);
    // An address is no name that somebody is asked about.
    if (kind !== 'dns' || !net.isIP(target)) note(kind, target);
    return original.apply(this, args);
  };
}

/** `connect` takes options, a port and a host, a path, or what it made of them itself. */
wrap(net.Socket.prototype, 'connect', (args) => {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === 'object' && first !== null) {
    const { path, host = 'localhost', port } = first;
    return path === undefined || path === null ? ['tcp', `${host}:${port}`] : ['pipe', path];
  }
  if (!/^\d+$/.test(String(first))) return ['pipe', first];
  return ['tcp', `${typeof second === 'string' ? second : 'localhost'}:${first}`];
});

wrap(dgram.Socket.prototype, 'connect', ([port, host]) => [
  'udp',
  `${host ?? 'localhost'}:${port}`,
]);
wrap(dgram.Socket.prototype, 'send', (args) => [
  'udp',
  args
    .slice(1)
    .filter((arg) => typeof arg !== 'function')
    .join(' '),
]);

const lookups = (object) => [
  'lookup',
  'lookupService',
  ...Object.keys(object).filter((name) => /^(resolve|reverse)/.test(name)),
];
for (const object of [dns, dns.promises]) {
  for (const name of new Set(lookups(object))) wrap(object, name, ([host]) => ['dns', host]);
}
for (const { prototype } of [dns.Resolver, dns.promises.Resolver]) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (/^(resolve|reverse)/.test(name)) wrap(prototype, name, ([host]) => ['dns', host]);
  }
}

wrap(childProcess.ChildProcess.prototype, 'spawn', ([{ file: started }]) => ['program', started]);

note('start', process.pid);
