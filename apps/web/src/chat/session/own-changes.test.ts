import { OwnChanges } from './own-changes';

it('a change that is answered after the page has let go of it is no error', () => {
  Object.assign(globalThis, { document: { baseURI: 'http://localhost/' } });
  const changes = new OwnChanges(() => undefined);
  changes.close();
  expect(() => changes.tell('cnv_1')).not.toThrow();
});
