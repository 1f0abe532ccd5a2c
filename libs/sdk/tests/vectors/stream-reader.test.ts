import type { StreamPiece } from '@agent-messenger/contracts';
import { withPiece, withWhole, type StreamText } from '../../src/streams/stream-text';
import { vectors } from './vectors';

interface Case {
  name: string;
  steps: { piece?: Partial<StreamPiece>; whole?: string; then: StreamText }[];
}
const stream = { conversation_id: 'cnv_1', stream_id: 's-1', agent_id: 'agt_1' };

test.each(vectors<Case>('stream-reader'))('$name', ({ steps }) => {
  let known: StreamText | null = null;
  for (const { piece, whole, then } of steps) {
    known = piece
      ? withPiece(known, { ...stream, ...piece } as StreamPiece)
      : withWhole(known!, whole!);
    expect(known).toEqual(then);
  }
});
