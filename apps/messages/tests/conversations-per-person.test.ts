import { createWorld, refusal } from './conformance/world';
import { createTempStores } from './temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

test('a person has so many conversations; a deleted one makes room, a repetition needs none', async () => {
  const world = await createWorld((options) =>
    stores.open({ ...options, conversationsPerPerson: 2 }),
  );
  const [user_id, agent_id] = [await world.user(), await world.agent()];
  const create = (client_id: string) =>
    world.store.createConversation({ user_id, agent_id, client_id });
  const { conversation } = await create('1');
  await create('2');
  expect((await refusal(create('3'))).code).toBe('conflict');
  expect((await create('1')).created).toBe(false);
  expect((await world.talk({ agent: agent_id })).agent).toBe(agent_id);
  const first = { identity_id: user_id, conversation_id: conversation.id };
  await world.store.deleteConversation(first);
  expect((await create('3')).created).toBe(true);
  expect((await refusal(create('4'))).code).toBe('conflict');
});
