import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** As docs/clients.md names them. */
const EXAMPLES = {
  'Python, websockets': 'python-agent/agent.py',
  'Python, aiohttp': 'python-aiohttp-agent/agent.py',
  'Node.js': 'node-agent/agent.mjs',
  Perl: 'perl-mojo-agent/agent.pl',
  Ruby: 'ruby-faye-agent/agent.rb',
  Qt: 'qt-agent/agent.py',
  Go: 'go-gorilla-agent/agent.go',
  Java: 'java-agent/Agent.java',
};

/** Neither empty nor a comment alone. */
function codeLines(file: string): number {
  const lines = read(`examples/${file}`).split('\n');
  return lines.filter((line) => !/^\s*($|#|\/\/|\/?\*|""")/.test(line)).length;
}

test('docs/clients.md says how long the examples are', () => {
  const said = read('docs/clients.md').replace(/\s+/g, ' ');
  for (const [name, file] of Object.entries(EXAMPLES)) {
    expect(said).toContain(`${codeLines(file)} (${name})`);
  }
  expect(said).toContain(`With the SDK it is ${codeLines('echo-agent/agent.mjs')}.`);
});
