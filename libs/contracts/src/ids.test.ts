import fc from 'fast-check';
import {
  agentIdSchema,
  clientIdSchema,
  conversationIdSchema,
  identityIdSchema,
  kindOf,
  messageIdSchema,
  userIdSchema,
} from './ids';

const schemas = {
  usr: userIdSchema,
  agt: agentIdSchema,
  cnv: conversationIdSchema,
  msg: messageIdSchema,
};
const prefixes = Object.keys(schemas) as (keyof typeof schemas)[];
const rest = fc.string({
  unit: fc.constantFrom(...'0123456789abcXYZ-'),
  minLength: 1,
  maxLength: 64,
});

it('takes an id as nothing but what its prefix says', () => {
  fc.assert(
    fc.property(fc.constantFrom(...prefixes), rest, (prefix, text) => {
      const id = `${prefix}_${text}`;
      for (const other of prefixes) {
        expect(schemas[other].safeParse(id).success).toBe(other === prefix);
      }
      expect(identityIdSchema.safeParse(id).success).toBe(['usr', 'agt'].includes(prefix));
      if (prefix === 'usr') expect(kindOf(id)).toBe('user');
      if (prefix === 'agt') expect(kindOf(id)).toBe('agent');
    }),
  );
});

it('refuses whatever else is around or within an id', () => {
  const bad = ['', 'usr_', ' usr_1', 'usr_1 ', 'usr_1\n', 'USR_1', 'usr-1', 'usr_ü', 'usr_a.b'];
  for (const id of [...bad, `usr_${'a'.repeat(65)}`, 'agt_usr_1', 'usr_agt_1']) {
    expect([id, identityIdSchema.safeParse(id).success]).toEqual([id, false]);
  }
});

it('takes client ids of 1 to 128 of A-Z a-z 0-9 . _ : -', () => {
  const right = fc.string({
    unit: fc.constantFrom(...'azAZ09._:-'),
    minLength: 1,
    maxLength: 128,
  });
  fc.assert(fc.property(right, (id) => expect(clientIdSchema.parse(id)).toBe(id)));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      expect(clientIdSchema.safeParse(id).success).toBe(/^[\w.:-]{1,128}$/.test(id));
    }),
  );
  expect(clientIdSchema.safeParse('a'.repeat(129)).success).toBe(false);
});
