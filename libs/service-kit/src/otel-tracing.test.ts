import {
  InMemorySpanExporter,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { AppError } from './app-error';
import { createLogger } from './logger';
import { OtelTracing } from './otel-tracing';
import { reportOutages } from './otlp-exporter';
import { Scope } from './scope';
import { openTracing, type TracingConfig } from './tracing';

const config: TracingConfig = {
  OTEL_TRACES_SAMPLER: 'parentbased_always_on',
  OTEL_TRACES_SAMPLER_ARG: 1,
  OTEL_BSP_SCHEDULE_DELAY: 60_000,
};

/** Keeps spans beyond the shutdown, which hands over what waits. */
class Kept extends InMemorySpanExporter {
  readonly spans: ReadableSpan[] = [];

  override export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.spans.push(...spans);
    super.export(spans, done);
  }
}

function setup(settings: Partial<TracingConfig> = {}) {
  const exporter = new Kept();
  const tracing = new OtelTracing(
    { ...config, ...settings },
    { service: 'gateway', version: '1.2.3', exporter },
  );
  const ended = async () => {
    await tracing.close();
    return Object.fromEntries(exporter.spans.map((span) => [span.name, span]));
  };
  return { tracing, ended };
}

test('without an endpoint there is no tracing, and nothing to close', async () => {
  const log = createLogger({ name: 'test', level: 'silent' });
  const scope = new Scope(log);
  const options = { service: 'gateway', version: '1', log, scope };
  expect(await openTracing(config, options)).toBeUndefined();
});

test('spans within each other are one trace, continued elsewhere by its traceparent', async () => {
  const [here, there] = [setup(), setup()];
  const { tracing } = here;
  await tracing.run({ name: 'ask', kind: 'server' }, async () => {
    await new Promise(setImmediate);
    const parent = tracing.current();
    expect(tracing.logFields()?.trace_id).toBe(parent?.split('-')[1]);
    const attributes = { 'messenger.seq': 1 };
    there.tracing.start({ name: 'commit', kind: 'internal', parent, attributes }).end();
    expect(tracing.detached(() => tracing.current())).toBeUndefined();
    tracing.detached(() => tracing.start({ name: 'alone', kind: 'internal' })).end();
    tracing.start({ name: 'inner', kind: 'internal' }).end();
  });
  expect([tracing.current(), tracing.logFields()]).toEqual([undefined, undefined]);

  const [{ ask, inner, alone }, { commit }] = [await here.ended(), await there.ended()];
  expect(ask?.parentSpanContext).toBeUndefined();
  expect(ask?.resource.attributes).toMatchObject({
    'service.name': 'gateway',
    'service.version': '1.2.3',
  });
  for (const child of [inner, commit]) {
    expect(child?.parentSpanContext?.spanId).toBe(ask?.spanContext().spanId);
    expect(child?.spanContext().traceId).toBe(ask?.spanContext().traceId);
  }
  expect(commit?.attributes).toEqual({ 'messenger.seq': 1 });
  expect(alone?.spanContext().traceId).not.toBe(ask?.spanContext().traceId);
});

test.each([
  ['rate_limited', new AppError('rate_limited', 'Too many'), 0],
  ['unavailable', new AppError('unavailable', 'Not now'), 2],
  ['internal', new AppError('internal', 'Something'), 2],
  ['TypeError', new TypeError('the text of a message'), 2],
])('%s is told by its code or class', async (name, error, status) => {
  const { tracing, ended } = setup();
  const run = tracing.run({ name: 'work', kind: 'server' }, () => Promise.reject(error));
  await expect(run).rejects.toBe(error);
  const { work } = await ended();
  expect(work?.attributes).toEqual({ 'error.type': name });
  expect(work?.status.code).toBe(status);
  expect(JSON.stringify([work?.status, work?.events])).not.toContain('the text of');
});

test('what is not sampled has no traceparent; who is told of a trace follows it, whatever its own share', async () => {
  const none = setup({
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: 0,
  });
  const all = setup();
  await none.tracing.run({ name: 'unsampled', kind: 'server' }, async (span) => {
    expect([span.traceparent, none.tracing.current()]).toEqual([undefined, undefined]);
  });
  const { traceparent: parent } = all.tracing.start({ name: 'sampled', kind: 'server' });
  none.tracing.start({ name: 'continued', kind: 'internal', parent }).end();
  expect(Object.keys(await none.ended())).toEqual(['continued']);
});

test('a traceparent that is none begins a trace of its own', async () => {
  const { tracing, ended } = setup();
  tracing.start({ name: 'odd', kind: 'server', parent: '00-zz-1-01' }).end();
  expect((await ended())['odd']?.parentSpanContext).toBeUndefined();
});

test('a collector that is away is one line, and one when it is back', () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = createLogger({ name: 'test', level: 'info', destination: { write } });
  let code = 1;
  const exporter = reportOutages(
    { export: (_spans, done) => done({ code }), shutdown: () => Promise.resolve() },
    log,
  );
  const send = () => exporter.export([], () => undefined);
  send();
  send();
  code = 0;
  send();
  send();
  expect(lines).toEqual([
    'traces cannot be exported: they are dropped',
    'traces are exported again',
  ]);
});
