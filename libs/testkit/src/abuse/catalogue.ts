import type { GreedyPeer } from './greedy-peer';
import { TRANSPORTS } from './greedy-socket';
import { bytes } from './peers/bytes';
import { connections } from './peers/connections';
import { credentials } from './peers/credentials';
import { framesOn, packets } from './peers/frames';
import { pushes } from './peers/pushes';
import { reads } from './peers/reads';
import { strangersOn } from './peers/strangers';
import { streams } from './peers/streams';

/** All of them: `npm run bench -- abuse` measures what they cost others, a test what they are answered. */
export const GREEDY_PEERS: readonly GreedyPeer[] = [
  ...TRANSPORTS.flatMap(strangersOn),
  ...TRANSPORTS.flatMap(framesOn),
  ...packets,
  ...bytes,
  ...reads,
  ...streams,
  ...pushes,
  ...credentials,
  ...connections,
];
