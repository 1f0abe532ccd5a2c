import { existsSync } from 'node:fs';
import { isCi } from './is-ci.mjs';
import { postgresServers } from './postgres.mjs';
import { Stopped } from './run-group.mjs';
import { canInstallPackages, installPackages } from './system-packages.mjs';

const PYTHON = '/usr/lib/python3/dist-packages';

/** Debian's packages, each with what it brings: any of these files will do. What `npm test` tries the product with. */
const FOR_TESTS = {
  nginx: ['/usr/sbin/nginx'],
  haproxy: ['/usr/sbin/haproxy'],
  caddy: ['/usr/bin/caddy'],
  lighttpd: ['/usr/sbin/lighttpd'],
  'apache2-bin': ['/usr/sbin/apache2'],
  varnish: ['/usr/sbin/varnishd'],
  postgresql: postgresServers,
  pgbouncer: ['/usr/sbin/pgbouncer'],
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  'python3-websockets': [`${PYTHON}/websockets`],
  'python3-aiohttp': [`${PYTHON}/aiohttp`],
  'python3-socketio': [`${PYTHON}/socketio`],
  mypy: [`${PYTHON}/mypy`],
  'libmojolicious-perl': ['/usr/share/perl5/Mojolicious.pm'],
};

/** What is too large for every run of the tests. */
const FOR_SURROUNDINGS = {
  ...FOR_TESTS,
  'golang-go': ['/usr/bin/go'],
  'golang-github-gorilla-websocket-dev': ['/usr/share/gocode/src/github.com/gorilla/websocket'],
  'default-jdk-headless': ['/usr/bin/javac'],
  'libgoogle-gson-java': ['/usr/share/java/gson.jar'],
  'ruby-faye-websocket': ['/usr/lib/ruby/vendor_ruby/faye/websocket.rb'],
  'python3-pyqt6.qtwebsockets': [`${PYTHON}/PyQt6/QtWebSockets.abi3.so`],
};

/**
 * Brings, where that is possible, the programs and libraries that tests try the product with. The tests of what is
 * missing all the same are skipped, or fail where CI is set; either is told. No service is started: policy-rc.d forbids it.
 *
 * @param {{ heavy?: boolean }} options whether also what is too large for every run
 */
export async function ensureOutsideSoftware({ heavy = false } = {}) {
  const wanted = Object.entries(heavy ? FOR_SURROUNDINGS : FOR_TESTS);
  const missing = () =>
    wanted.filter(([, files]) => !files.some((file) => existsSync(file))).map(([name]) => name);
  if (missing().length > 0 && canInstallPackages()) {
    await install(missing());
    // One that the distribution does not have keeps none of the others away.
    if (missing().length > 1) for (const name of missing()) await install([name]);
  }
  const names = missing().join(', ');
  if (names === '') return;
  const happens = isCi() ? 'fail' : 'are skipped';
  process.stderr.write(
    `The tests with these packages ${happens}, as they are not here: ${names}.\n`,
  );
}

async function install(packages) {
  try {
    await installPackages('What tests are run with is not here', packages);
  } catch (error) {
    if (error instanceof Stopped) throw error;
    process.stderr.write(`${error.message}\n`);
  }
}
