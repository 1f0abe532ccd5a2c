import { faults, webTable, type WebReport } from './report';

const report: WebReport = {
  node: 'v20.20.0',
  chromium: '150.0',
  cpus: 2,
  load: 0.5,
  figures: [
    { name: 'first load', value: 61.25, unit: 'kB', aim: { most: 60, isFirm: true } },
    { name: 'Enter to own bubble', value: 80, unit: 'ms', aim: { most: 50 } },
    { name: 'scrolling', value: 60, unit: 'frames/s', aim: { least: 50 } },
    { name: 'requests', value: 1_234, unit: 'requests' },
  ],
};

it('a missed aim of bytes or memory is a fault, one of time is said', () => {
  expect(faults(report)).toEqual(['first load']);
  expect(webTable(report).split('\n')).toEqual([
    'Chromium 150.0; node v20.20.0, 2 CPUs, load 0.5 at the beginning',
    '',
    'first load                  61.3 kB  at most 60: missed',
    'Enter to own bubble           80 ms  at most 50: missed',
    'scrolling               60 frames/s  at least 50',
    'requests             1,234 requests',
    '',
  ]);
});
