import { describeStore } from './store-conformance';
import { createTempStores } from './temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

describeStore('SqliteStore', (options) => stores.open(options));
