import {
  requests,
  routes,
  type Conversation,
  type RequestName,
  type RouteName,
} from '@agent-messenger/contracts';
import { openTestSocket, type TestSocketBase, type Transport } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { callRoute } from './call-route';
import { requestInputs } from './request-inputs';
import { routeInputs } from './route-inputs';
import type { Scene } from './scene';
import { useScenes } from './use-scenes';

const world = useScenes();

const open: TestSocketBase[] = [];
afterEach(() => open.splice(0).forEach((socket) => socket.close()));

async function connect(transport: Transport, party: { id: string; token: string }) {
  const namespace = party.id.startsWith('agt_') ? '/agent' : '/client';
  const socket = openTestSocket(transport, world.url, namespace, { token: party.token });
  open.push(socket);
  return socket.synced();
}

/** All that members can see of a conversation. */
async function stateOf({ conversation, person, agent }: Scene) {
  const { store } = world.system;
  const seen = await Promise.all(
    [person, agent].map(({ id }) =>
      store.getConversation({ identity_id: id, conversation_id: conversation }),
    ),
  );
  const { messages } = await store.listMessages({
    identity_id: person.id,
    conversation_id: conversation,
    limit: 100,
  });
  return { seen, messages };
}

const TRANSPORTS: Transport[] = ['socket.io', 'ws'];
const NOT_FOUND = { status: 404, body: expect.objectContaining({ code: 'not_found' }) as object };

describe('to an outsider a conversation is one that does not exist', () => {
  const inside = (Object.keys(routes) as RouteName[]).filter((name) =>
    routes[name].path.includes(':conversation_id'),
  );

  test.each(inside)('%s', async (name) => {
    const here = await world.scene();
    const before = await stateOf(here);
    const elsewhere: Scene = {
      ...here,
      conversation: `cnv_${randomUUID()}`,
      message: `msg_${randomUUID()}`,
    };
    const parties = [here.otherPerson, here.otherAgent];
    for (const { id, token: bearer } of parties) {
      if (routes[name].caller === 'person' && id.startsWith('agt_')) continue;
      const [there, nowhere] = await Promise.all(
        [here, elsewhere].map(async (of) =>
          callRoute(world.url, name, await routeInputs[name](of, world.url), { bearer }),
        ),
      );
      expect(there).toEqual(NOT_FOUND);
      expect(there).toEqual(nowhere);
    }
    expect(await stateOf(here)).toEqual(before);
  });

  const about = (Object.keys(requests) as RequestName[]).filter(
    (name) => 'conversation_id' in requests[name].payload.shape,
  );

  test.each(about.flatMap((name) => TRANSPORTS.map((transport) => [name, transport] as const)))(
    '%s over %s',
    async (name, transport) => {
      const here = await world.scene();
      const before = await stateOf(here);
      const elsewhere: Scene = {
        ...here,
        conversation: `cnv_${randomUUID()}`,
        message: `msg_${randomUUID()}`,
      };
      const [person, agent] = await Promise.all([
        connect(transport, here.person),
        connect(transport, here.agent),
      ]);
      for (const party of [here.otherPerson, here.otherAgent]) {
        const socket = await connect(transport, party);
        const ask = (of: Scene) => socket.raw(name, requestInputs[name](of, party));
        const there = await ask(here);
        expect(there).toEqual(await ask(elsewhere));
        // What the gateway holds back is with the store when the connection has ended.
        socket.close();
      }
      // A message that comes after all of this is the next that the members hear of.
      const { message } = await person.send(here.conversation, randomUUID(), 'the next');
      await agent.when('event', ({ seq }) => seq === message.seq);
      expect(agent.received.map((each) => each.name)).not.toContain('typing');
      expect(agent.received.map((each) => each.name)).not.toContain('receipt');
      const after = await stateOf(here);
      expect(after.messages.slice(0, -1)).toEqual(before.messages);
      expect(after.seen.map(positionsOf)).toEqual(before.seen.map(positionsOf));
    },
  );
});

function positionsOf({ members }: Conversation) {
  return members;
}

test.each(TRANSPORTS)(
  'what an outsider has received or read moves nothing: %s',
  async (transport) => {
    const here = await world.scene();
    const before = await stateOf(here);
    for (const party of [here.otherPerson, here.otherAgent]) {
      const socket = await connect(transport, party);
      const position = { conversation_id: here.conversation, seq: 2 };
      expect(await socket.request('received', position)).toEqual({ ok: true });
      expect(await socket.request('read', position)).toMatchObject({ ok: false });
      socket.close();
      // Straight to the store, where all of this ends up.
      const moves = (['received', 'read'] as const).map((op) => ({
        ...{ op, identity_id: party.id, epoch: null },
        ...position,
      }));
      const { results } = await world.system.store.append({ operations: moves });
      expect(results).toMatchObject(moves.map(() => ({ ok: false, error: { code: 'not_found' } })));
      const { pending } = await world.system.store.listPending({
        identity_id: party.id,
        limit: 10,
      });
      expect(pending).toEqual([]);
    }
    // What a gateway has noted it hands over with its next append at the latest.
    const member = await connect(transport, here.agent);
    await member.request('read', { conversation_id: here.conversation, seq: 1 });
    const after = await stateOf(here);
    const person = (state: typeof before) =>
      state.seen[0]?.members.find(({ id }) => id === here.person.id);
    expect(person(after)).toEqual(person(before));
    expect(after.seen[0]?.members.map(({ id }) => id).sort()).toEqual(
      [here.person.id, here.agent.id].sort(),
    );
  },
);

describe('a message of another conversation', () => {
  /** A person in two conversations with one agent, and a message of its own in each. */
  async function two() {
    const here = await world.scene();
    const { conversation } = await world.system.store.createConversation({
      user_id: here.person.id,
      agent_id: here.agent.id,
    });
    const other: Scene = { ...here, conversation: conversation.id as Scene['conversation'] };
    const { results } = await world.system.store.append({
      operations: [
        {
          op: 'send',
          identity_id: here.person.id,
          epoch: null,
          conversation_id: other.conversation,
          client_id: randomUUID(),
          content: 'in the other one',
        },
      ],
    });
    const [sent] = results;
    if (!sent?.ok || !('sent' in sent)) throw new Error('a member may send');
    other.message = sent.sent.message.id as Scene['message'];
    const about = (message: Scene['message']) => ({ ...here, message, question: message });
    return { here, other, about, mixed: about(other.message) };
  }

  const ROUTES = [
    'chooseAction',
    'editMessage',
    'deleteMessage',
    'addReaction',
    'removeReaction',
  ] as const;
  const CHANGES = ['action:choose', 'message:edit', 'message:delete', 'reaction:set'] as const;

  test('cannot be reached through the one that it is not in, by its author neither', async () => {
    const { here, other, about, mixed } = await two();
    const before = await Promise.all([here, other].map(stateOf));
    const nowhere: Scene = about(`msg_${randomUUID()}`);
    for (const name of ROUTES) {
      const isForPeople = routes[name].caller === 'person';
      for (const { token: bearer } of isForPeople ? [here.person] : [here.person, here.agent]) {
        const [mix, none] = await Promise.all(
          [mixed, nowhere].map(async (of) =>
            callRoute(world.url, name, await routeInputs[name](of, world.url), { bearer }),
          ),
        );
        expect(mix).toEqual(NOT_FOUND);
        expect(mix).toEqual(none);
      }
    }
    for (const transport of TRANSPORTS) {
      const socket = await connect(transport, here.person);
      for (const name of CHANGES) {
        const ask = (of: Scene) => socket.raw(name, requestInputs[name](of, here.person));
        const mix = await ask(mixed);
        expect(mix).toMatchObject({ ok: false, error: { code: 'not_found' } });
        expect(mix).toEqual(await ask(nowhere));
      }
    }
    expect(await Promise.all([here, other].map(stateOf))).toEqual(before);
  });

  test('cannot be replied to, and the answer does not tell whether there is one', async () => {
    const { here, other, mixed } = await two();
    const foreign = await world.scene();
    const before = await Promise.all([here, other, foreign].map(stateOf));
    const replyTo = async (reply_to: string) =>
      callRoute(
        world.url,
        'sendMessage',
        {
          params: { conversation_id: here.conversation },
          body: { client_id: randomUUID(), content: 'a reply', reply_to },
        },
        { bearer: here.person.token },
      );
    const none = await replyTo(`msg_${randomUUID()}`);
    expect(none).toMatchObject({ status: 400, body: { code: 'invalid_payload' } });
    expect(await replyTo(mixed.message)).toEqual(none);
    expect(await replyTo(foreign.message)).toEqual(none);
    expect(await replyTo(here.message)).toMatchObject({ status: 201 });
    const socket = await connect('ws', here.person);
    const answer = await socket.request('message:send', {
      conversation_id: here.conversation,
      client_id: randomUUID(),
      content: 'a reply',
      reply_to: foreign.message,
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid_payload' } });
    const after = await Promise.all([here, other, foreign].map(stateOf));
    expect(after[0]?.messages).toHaveLength((before[0]?.messages.length ?? 0) + 1);
    expect(after.slice(1)).toEqual(before.slice(1));
  });
});
