import { whole } from '@agent-messenger/service-kit';

const perMinute = (description: string) => whole(1, 100_000_000, `${description} per minute.`);

/** A bound for everything that a peer can do, far above what people and their apps need. */
export const limitsConfig = {
  SENDS_PER_MINUTE: perMinute(
    'Messages, edits, deletions, reactions and other changes of one identity',
  ).default(600),
  SENDS_PER_MINUTE_IP: perMinute(
    'The same from one IP address; people and agents are counted apart',
  ).default(6_000),
  READS_PER_MINUTE: perMinute('Lists, pages of history and of the log, of one identity').default(
    3_000,
  ),
  ANSWER_BYTES_PER_REQUEST: whole(
    1_024,
    1_000_000_000,
    'What is read counts as one request more for each so many bytes of the answer.',
  ).default(16_384),
  RECEIPTS_PER_MINUTE: perMinute('`received` and `read` of one identity').default(12_000),
  SIGNALS_PER_MINUTE: perMinute(
    'Typing, status, watched presence and whatever else one identity asks of a socket',
  ).default(1_200),
  STREAM_APPENDS_PER_MINUTE: perMinute('Pieces that one agent adds to its streams').default(
    120_000,
  ),
  STREAM_BYTES_PER_MINUTE: whole(
    1_024,
    100_000_000_000,
    'Text that one agent adds to its streams, bytes of UTF-8 per minute.',
  ).default(16_777_216),
  AGENT_CONVERSATIONS_PER_BUDGET: whole(
    1,
    1_000_000,
    'An agent has the budgets above once more for so many conversations with messages, up to 10,000 of them.',
  ).default(20),
  REFUSALS_PER_MINUTE: perMinute(
    'Requests that a connection makes beyond its budgets, before it is closed,',
  ).default(1_200),
  FRAMES_PER_MINUTE: perMinute(
    'Frames of a connection that ask for nothing (pings, pongs, acks, attachments, small fragments), before it is closed,',
  ).default(1_200),
  FRAME_BYTES_PER_SECOND: whole(
    1_024,
    1_000_000_000,
    'A connection is read no faster than this, bytes per second; four seconds of it at once.',
  ).default(1_048_576),
  CONNECTS_PER_MINUTE_IP: perMinute('Connection attempts from one IP address').default(600),
  TAKE_OVERS_PER_MINUTE: perMinute(
    'Connections of one identity, on all gateways together,',
  ).default(60),
  LOGINS_PER_MINUTE_IP: perMinute(
    'Logins, refused registrations and other requests with a password, from one IP address',
  ).default(60),
  REFRESHES_PER_MINUTE_IP: perMinute(
    'Refreshes, logouts and agent tokens from one IP address',
  ).default(1_200),
  REGISTRATIONS_PER_HOUR_IP: whole(
    1,
    100_000_000,
    'People who register from one IP address per hour; `npm start` on loopback has 1,000 unless it is set.',
  ).default(20),
  WRONG_KEYS_PER_MINUTE_IP: perMinute(
    'Wrong admin keys and wrong API keys from one IP address, those of REST calls and of connections counted apart; beyond it an API key is refused unseen that has not been right before, and every admin key,',
  ).default(60),
  REQUESTS_PER_MINUTE_IP: perMinute(
    'REST calls from one IP address to one gateway, whatever they ask for,',
  ).default(12_000),
};
