import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { baseConfig } from './config';
import { ConfigError, loadConfig } from './config';
import { describeMetrics } from './describe-metrics';
import type { Logger } from './logger';
import { createLogger } from './logger';
import { Scope } from './scope';
import { createRegistry, errorCounter } from './service-metrics';
import { watchClock, type Clock } from './watch-clock';
import { openTracing, type Tracing, type TracingConfig } from './tracing';

export interface ServiceContext {
  log: Logger;
  scope: Scope;
  metrics: Registry;
  /** Of the process; absent where a service is started inside another one. */
  clock?: Clock | undefined;
  /** There where traces are on. */
  tracing?: Tracing | undefined;
  /** Of the program. */
  version?: string | undefined;
}

export interface Running {
  /** Public port, of services that have one. */
  port?: number;
  internalPort: number;
}

interface ServiceDefinition<S extends z.ZodObject<typeof baseConfig>> {
  name: string;
  version: string;
  config: S;
  /** Registers all metrics of its own that the service will have, for their documentation. */
  registerMetrics(registry: Registry): unknown;
  start(config: z.output<S>, context: ServiceContext): Promise<Running>;
}

/**
 * The life of a service process: configuration, start, SIGTERM or SIGINT, close, exit 0. A parent that started it
 * with an IPC channel is told `{type: 'ready', port, internal_port}`, and its vanishing ends the service as SIGTERM
 * does. With `--config-schema` the process writes the JSON Schema of its variables to stdout, with `--metrics` what it
 * measures, and starts nothing; with `--check-config` it ends when it has judged them.
 */
export async function runService<S extends z.ZodObject<typeof baseConfig>>(
  host: NodeJS.Process,
  { name, version, config: schema, registerMetrics, start }: ServiceDefinition<S>,
): Promise<void> {
  // What the documentation of the variables is made from: this schema, and not a copy of it.
  if (host.argv.includes('--config-schema')) {
    const described = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
    host.stdout.write(JSON.stringify(described));
    return;
  }
  if (host.argv.includes('--metrics')) {
    const registry = createRegistry(name, version);
    registerMetrics(registry);
    host.stdout.write(JSON.stringify(describeMetrics(registry)));
    return;
  }

  let config: z.output<S>;
  try {
    config = loadConfig(schema, host.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.stderr.write(`${name}: ${error.message}\n`);
    return host.exit(1);
  }
  if (host.argv.includes('--check-config')) return;

  const metrics = createRegistry(name, version);
  const errors = errorCounter(metrics);
  let tracing: Tracing | undefined;
  const log = createLogger({
    name,
    level: config['LOG_LEVEL'] as string,
    context: () => tracing?.logFields(),
    onError: () => errors.inc(),
  });
  const scope = new Scope(log);
  scope.defer('metrics', () => metrics.clear());

  const stop = async (reason: string, code: number) => {
    log.info({ reason }, 'stopping');
    await scope.close();
    log.info('stopped');
    log.flush();
    host.exit(code);
  };
  host.once('SIGTERM', () => void stop('SIGTERM', 0));
  host.once('SIGINT', () => void stop('SIGINT', 0));
  host.once('disconnect', () => void stop('parent is gone', 0));
  const crash = (error: unknown) => {
    log.fatal({ err: error }, 'crashed');
    host.exit(1);
  };
  host.on('uncaughtException', crash);
  host.on('unhandledRejection', crash);

  try {
    tracing = await openTracing(config as TracingConfig, { service: name, version, log, scope });
    const clock = watchClock({ log, metrics, scope });
    const { port, internalPort } = await start(config, {
      ...{ log, scope, metrics, clock, tracing, version },
    });
    log.info({ port, internal_port: internalPort }, 'ready');
    host.send?.({ type: 'ready', port, internal_port: internalPort });
  } catch (error) {
    log.fatal({ err: error }, 'start failed');
    await scope.close();
    host.exit(1);
  }
}
