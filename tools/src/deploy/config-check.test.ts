import { checkVariables } from './config-check';

const schema = {
  properties: {
    SECRET: { type: 'string' },
    PORT: { type: 'integer', default: 8080 },
    KEY_FILE: { type: 'string' },
  },
  required: ['SECRET', 'PORT'],
};

it('finds nothing wrong with what a service knows, by value or by file', () => {
  expect(checkVariables(schema, ['SECRET'])).toEqual([]);
  expect(checkVariables(schema, ['SECRET_FILE', 'PORT', 'KEY_FILE', 'TZ'])).toEqual([]);
});

it('finds unknown, missing and doubled variables', () => {
  expect(checkVariables(schema, ['SECRT', 'PORT', 'PORT_FILE', 'KEY'])).toEqual([
    'SECRT is no variable of this service',
    'KEY is no variable of this service',
    'SECRET is required and missing',
    'PORT is given twice',
  ]);
});
