import {
  answersWithoutGateways,
  dumpedEvents,
  isLimitedByRealAddress,
  postgresProblems,
  redisProblems,
  startTimes,
  stopProblems,
  storeProblems,
  versionOf,
} from './checks';
import type { ComposeProject } from './compose-project';
import { containerProblems } from './container-problems';
import { documented } from './documented';
import { DRILLS } from './drills';
import { leaks } from './leaks';
import { expectNone, Steps } from './steps';
import type { Store } from './test-compose';
import { Traffic } from './traffic';

/** Tags of the images before and after the upgrade. */
export const OLD = 'old';
export const NEW = 'new';

const QUERY_SECRET = 'a-token-in-a-query-string';
/** Of every message of the traffic. */
const MESSAGE_TEXT = 'People and agents talk.';

interface ExerciseContext {
  store: Store;
  /** Where the project's load balancer will listen. */
  url: string;
  adminUrl: string;
  /** Of the project, by their names in .env. */
  secrets: Record<string, string>;
  /** For what containers are not to have. */
  folder: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

/** Builds and starts the project, and breaks and upgrades it while people and agents talk through its load balancer. */
export async function exercise(
  started: ComposeProject,
  { store, url, adminUrl, secrets, folder, signal, say }: ExerciseContext,
): Promise<void> {
  const steps = new Steps(say);
  // Of containers, some of which will be no more.
  const logs: string[] = [];
  const keepLogs = async (project: ComposeProject) => {
    logs.push((await project.compose('logs', '--no-color')).all);
  };
  await buildAndStart(started, store, steps);
  const admin = { url: adminUrl, key: secrets['ADMIN_API_KEY'] ?? '' };
  const traffic = await Traffic.start({ url, admin, signal });
  try {
    await steps.step(
      'people and agents talk through the load balancer, over both transports',
      async () => {
        await traffic.flows();
        return `${traffic.acked} messages so far`;
      },
    );
    await disturb(started, { store, url, traffic, steps, keepLogs });
    await steps.step('everything has arrived, once and in order', async () => {
      const violations = await traffic.settle();
      expectNone(
        'the record breaks rules',
        violations.map(({ rule, message }) => `${rule}: ${message}`),
      );
      return `${traffic.acked} messages acked, none lost or doubled`;
    });
    let project = started.withImages(NEW);
    for (const { title, work } of DRILLS[store]) {
      await steps.step(title, async () => {
        await traffic.fallSilent();
        const before = await traffic.history();
        await keepLogs(project);
        project = await work(project, folder);
        await traffic.goOn();
        const after = new Set(await traffic.history());
        expectNone(
          'there is no more',
          before.filter((line) => !after.has(line)),
        );
        return `${before.length} events are there, and everybody has answers to new messages`;
      });
    }
    await traffic.close();
    await steps.step('addresses that clients make up do not count', async () => {
      if (!(await isLimitedByRealAddress(url)))
        throw new Error('X-Forwarded-For of a client counts');
      return 'limited by the real one';
    });
    await steps.step('without a gateway the load balancer speaks for them', async () => {
      await project.compose('stop', 'gateway');
      if (!(await answersWithoutGateways(url, QUERY_SECRET))) throw new Error('it does not');
      return 'unavailable';
    });
    await steps.step('all stop in order', async () => {
      await project.compose('stop');
      const containers = await project.containers();
      expectNone('some did not', stopProblems(containers));
      return `${containers.length} containers`;
    });
    await steps.step(
      'no log has a secret, a token, a query string or a message in it',
      async () => {
        await keepLogs(project);
        const hidden = [...Object.values(secrets), ...traffic.secrets, QUERY_SECRET, MESSAGE_TEXT];
        const text = logs.join('\n');
        expectNone('there are', leaks(text, hidden));
        return `${text.split('\n').length} lines`;
      },
    );
  } finally {
    await traffic.close();
  }
}

async function buildAndStart(project: ComposeProject, store: Store, steps: Steps): Promise<void> {
  await steps.step('the file that scales is valid', async () => {
    await project.with({ overrides: ['docker-compose.scale.yml'] }).compose('config', '--quiet');
    return 'valid';
  });
  await steps.step('building images (minutes the first time)', async () => {
    await project.compose('build');
    return 'built';
  });
  await steps.step('starting', async () => {
    await project.compose('up', '--detach');
    await project.healthy();
    return `all healthy; from start to ready: ${await startTimes(project)}`;
  });
  await steps.step('containers are locked up, Redis keeps and hides what it has', async () => {
    const containers = await project.containers();
    expectNone('they are not', [
      ...containerProblems(containers),
      ...(await redisProblems(project)),
      ...(await (store === 'postgres' ? postgresProblems : storeProblems)(project)),
    ]);
    return `${containers.length} containers`;
  });
}

interface Disturbed {
  store: Store;
  url: string;
  traffic: Traffic;
  steps: Steps;
  keepLogs: (project: ComposeProject) => Promise<void>;
}

/** In the end it is what the next version makes of it. */
async function disturb(
  project: ComposeProject,
  { store, url, traffic, steps, keepLogs }: Disturbed,
): Promise<void> {
  const fault = async (name: string, work: () => Promise<unknown>) => {
    await steps.step(name, async () => {
      const waitMs = await traffic.during(name, work);
      return `everybody has answers again; at most ${(waitMs / 1_000).toFixed(1)} s without`;
    });
  };
  await fault('a gateway is killed and comes back', async () => {
    const [gateway] = await project.containers('gateway');
    if (gateway) await project.crash(gateway);
  });
  await fault('messages is killed and comes back', async () => {
    const [messages] = await project.containers('messages');
    if (messages) await project.crash(messages);
  });
  await fault('Redis is restarted', async () => {
    await project.compose('restart', 'redis-live', 'redis-queue');
    await project.healthy('redis-live');
    await project.healthy('redis-queue');
  });
  if (store === 'postgres') {
    await fault('PostgreSQL is killed and comes back', async () => {
      const [postgres] = await project.containers('postgres');
      if (postgres) await project.crash(postgres);
    });
    await fault('one of messages is away, and the other one goes on', async () => {
      await project.compose('kill', 'messages');
      await traffic.flows();
      // Logins, too.
      await traffic.history();
      await project.compose('start', 'messages');
      await project.healthy('messages');
    });
    await steps.step('a dump is made while they talk', async () => {
      const { acked } = traffic;
      const events = await dumpedEvents(project);
      if (events < acked) throw new Error(`${events} events are in it of ${acked} messages`);
      return `${events} events, ${acked} messages before it began`;
    });
  }
  await keepLogs(project);
  const newer = project.withImages(NEW);
  const [build = '', ...upgrade] = documented('upgrade');
  await steps.step('building the next version', async () => {
    await newer.shell(build);
    return 'built';
  });
  if (store === 'postgres') {
    for (const replica of ['messages', 'messages-2']) {
      await fault(`${replica} is upgraded beside the other one`, async () => {
        await newer.compose('up', '--detach', '--no-deps', replica);
        await newer.healthy(replica);
      });
    }
  }
  await fault('all is upgraded as the documentation has it', async () => {
    await newer.shell(upgrade.join('\n'));
    await newer.healthy();
    const old = (await newer.containers()).filter(({ Config }) => Config.Image.endsWith(`:${OLD}`));
    expectNone(
      'there are still',
      old.map(({ Name }) => Name),
    );
  });
  await steps.step('the new version is known by its name', async () => {
    const version = await versionOf(url);
    if (version !== NEW) throw new Error(`it says that it is ${version}`);
    return version;
  });
  await keepLogs(newer);
  await fault('all is recreated', async () => {
    await newer.compose('up', '--detach', '--force-recreate');
    await newer.healthy();
  });
}
