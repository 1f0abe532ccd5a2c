// npm test: all tests of all projects, from a clean clone too. Ends with what failed and "N passed, N failed".
import { main } from './lib/main.mjs';
import { runTests } from './lib/run-tests.mjs';

await main(() => runTests({ extra: process.argv.slice(2) }));
