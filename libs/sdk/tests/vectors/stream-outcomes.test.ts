import type { Sent } from '@agent-messenger/contracts';
import type { Connection } from '../../src/connection/connection';
import { MessengerError, type MessengerErrorCode } from '../../src/errors';
import { AgentStream } from '../../src/streams/agent-stream';
import type { StreamTarget } from '../../src/streams/stream-outcome';
import { vectors } from './vectors';

interface Case {
  name: string;
  does: ['append' | 'fail', string][] | ['stop' | 'end' | 'endStopped'][];
  answers: Record<string, MessengerErrorCode[]>;
  asks: [string, object][];
}
const IDS = { conversation_id: 'cnv_1', stream_id: 's-1' };

test.each(vectors<Case>('stream-outcomes'))('$name', async ({ does, answers, asks }) => {
  const asked: [string, object][] = [];
  const refusals = structuredClone(answers);
  async function answer(name: string, payload: object): Promise<unknown> {
    if (name !== 'stream:start') {
      const { conversation_id, stream_id, client_id, ...rest } = payload as Record<string, unknown>;
      expect({ conversation_id, stream_id: stream_id ?? client_id }).toEqual(IDS);
      asked.push([name, rest]);
    }
    const code = refusals[name]?.shift();
    if (code) throw new MessengerError(code, 'refused');
    return { offset: 0, stopped: false, message: undefined };
  }
  const connection = {
    requestUntilAnswered: answer,
    emit: (name: string) => expect(name).toBe('stream:append'),
  } as unknown as Connection;
  const target: StreamTarget = {
    conversationId: IDS.conversation_id,
    streamId: IDS.stream_id,
    replyTo: undefined,
    change: answer as StreamTarget['change'],
    outcome: (sent: Promise<Sent>) => sent,
  };
  const stream = new AgentStream({ ...target, connection, onOver: () => undefined });
  // Its start has its answer.
  await new Promise(setImmediate);
  for (const [what, text = ''] of does) {
    if (what === 'append') stream.append(text);
    else await stream[what](text as never);
  }
  expect(asked).toEqual(asks);
  expect(stream.isOver).toBe(true);
});
