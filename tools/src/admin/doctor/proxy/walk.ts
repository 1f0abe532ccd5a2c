import type { AdminContext } from '../../admin-context';
import { fail, ok, type Finding } from '../check';
import { Frames } from './frames';
import { withGuests, type Guests } from './guests';

/** Longer than two pings of the gateway. */
export const IDLE_MS = 65_000;
/** The longest message, of characters that JSON escapes: nearly the longest frame that there is. */
const CONTENT = '\u0001'.repeat(65_536);

const ON_FRAMES =
  'let the proxy pass frames unchanged once the connection is upgraded, and look at its log';
const ON_IDLE =
  'let the proxy keep connections that are idle for 75 s: nginx proxy_read_timeout and proxy_send_timeout, HAProxy timeout tunnel, Apache ProxyTimeout, lighttpd server.max-read-idle, Varnish pipe_timeout; a cloud balancer has an idle timeout too';
const ON_QUERY =
  'let the proxy pass the query of a socket path: browsers that cannot send a header have their token there';

/**
 * As a person and an agent of its own: the longest message both ways over both transports, a token in the URL, and then
 * silence but for the gateway's pings. @param idleMs how long the silence is
 */
export async function walk(
  base: string,
  context: Pick<AdminContext, 'request'>,
  idleMs = IDLE_MS,
): Promise<Finding[]> {
  return withGuests(base, context, async (guests) => {
    const token = encodeURIComponent(guests.token);
    const agent = new Frames(base, '/agent/connect');
    const person = new Frames(base, `/socket.io/?EIO=4&transport=websocket&token=${token}`);
    try {
      const entered = await Promise.all([
        attempted('agent on plain WebSocket', ON_FRAMES, () => enterAgent(agent, guests)),
        attempted('person on Socket.IO by a token in the URL', ON_QUERY, () => enterPerson(person)),
      ]);
      if (entered.some(({ level }) => level === 'fail')) return entered;
      return [
        ...entered,
        await attempted('message of 64 KiB', ON_FRAMES, () => talk(agent, person, guests)),
        await rest(agent, person, guests, idleMs),
      ];
    } finally {
      agent.close();
      person.close();
    }
  });
}

async function enterAgent(frames: Frames, { apiKey }: Guests): Promise<string> {
  await frames.opened();
  frames.send(JSON.stringify({ type: 'auth', data: { api_key: apiKey } }));
  await frames.first('"synced"');
  return 'is served';
}

async function enterPerson(frames: Frames): Promise<string> {
  await frames.opened();
  frames.send('40/client,{}');
  await frames.first('"synced"');
  return 'is served';
}

async function talk(agent: Frames, person: Frames, { conversationId }: Guests): Promise<string> {
  const message = (client_id: string) => ({
    conversation_id: conversationId,
    ...{ client_id, content: CONTENT },
  });
  person.send(`42/client,1${JSON.stringify(['message:send', message('doctor-1')])}`);
  await Promise.all([person.first('43/client,1['), agent.first('"client_id":"doctor-1"')]);
  agent.send(JSON.stringify({ type: 'message:send', id: 1, data: message('doctor-2') }));
  await Promise.all([agent.first('"id":1,'), person.first('"client_id":"doctor-2"')]);
  return 'arrives both ways, over both transports';
}

/** Nothing is said but pings and pongs, and then each is asked something. */
async function rest(
  agent: Frames,
  person: Frames,
  { conversationId }: Guests,
  idleMs: number,
): Promise<Finding> {
  const began = performance.now();
  await Promise.all([agent.idle(idleMs), person.idle(idleMs)]);
  const seconds = Math.round((performance.now() - began) / 1_000);
  return attempted('idle connections', ON_IDLE, async () => {
    const read = { conversation_id: conversationId, seq: 1 };
    const ends = Object.entries({ 'plain WebSocket': agent.end, 'Socket.IO': person.end });
    const ended = ends.flatMap(([name, end]) => (end === undefined ? [] : [`${name}: ${end}`]));
    if (ended.length > 0) throw new Error(`${ended.join(', ')}, within ${seconds} s`);
    agent.send(JSON.stringify({ type: 'received', id: 2, data: read }));
    person.send(`42/client,2${JSON.stringify(['received', read])}`);
    await Promise.all([agent.first('"id":2,'), person.first('43/client,2[')]);
    return `are kept for ${seconds} s`;
  });
}

async function attempted(
  what: string,
  advice: string,
  attempt: () => Promise<string>,
): Promise<Finding> {
  try {
    return ok(what, await attempt());
  } catch (error) {
    return fail(what, (error as Error).message, advice);
  }
}
