import { gatewaysOf, startReliability, type Reliability } from '../reliability/setup';
import { createScenes, type Scene } from './scene';

export interface Scenes {
  readonly system: Reliability;
  /** Of the first gateway. */
  readonly url: string;
  /** A new one. */
  scene(): Promise<Scene>;
}

/** A system for all tests of a file, started before the first and stopped after the last of them. */
export function useScenes(): Scenes {
  let started: Scenes | undefined;
  const get = (): Scenes => {
    if (!started) throw new Error('nothing runs before the tests do');
    return started;
  };
  beforeAll(async () => {
    const system = await startReliability();
    started = { system, url: gatewaysOf(system)[0].url, scene: await createScenes(system) };
  }, 60_000);
  afterAll(() => started?.system.stop(), 60_000);
  return {
    get system() {
      return get().system;
    },
    get url() {
      return get().url;
    },
    scene: () => get().scene(),
  };
}
