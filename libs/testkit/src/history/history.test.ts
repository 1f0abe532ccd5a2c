import { Recorder, type Violation } from './history';
import { timeline } from './timeline';

test('a recorder stamps entries with ms since it began', () => {
  let now = 1_000;
  const recorder = new Recorder(() => now);
  now = 1_250;
  recorder.record({ type: 'expect', identity: 'a', online: true });
  expect(recorder.entries).toEqual([{ type: 'expect', identity: 'a', online: true, at: 250 }]);
});

test('a timeline shows what is concerned, with the faults, around the violation', () => {
  const violation: Violation = { rule: 'r', message: 'm', about: 'c1', at: 3 };
  const ack = { type: 'ack', identity: 'a', client_id: 'x', seq: 1 } as const;
  const lines = timeline(
    [
      { ...ack, conversation: 'c1', at: 1 },
      { ...ack, conversation: 'c2', at: 2 },
      { type: 'fault', name: 'deploy', phase: 'begin', detail: 'all', at: 3 },
      { ...ack, conversation: 'c1', at: 4 },
      { ...ack, conversation: 'c1', at: 5 },
    ],
    violation,
    { before: 2, after: 1 },
  );
  expect(lines).toEqual([
    '    0.001 s  ack identity=a client_id=x seq=1',
    '    0.003 s  fault name=deploy phase=begin detail=all',
    '    0.004 s  ack identity=a client_id=x seq=1',
  ]);
});
