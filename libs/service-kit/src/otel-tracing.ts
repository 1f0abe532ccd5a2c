import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import {
  defaultTextMapGetter,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { AppError } from './app-error';
import type { OpenSpan, SpanOptions, Tracing, TracingConfig } from './tracing';

const KINDS = {
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};
/** Spans that wait for the collector; beyond it they are dropped. */
const QUEUE_SPANS = 4_096;

interface OtelTracingOptions {
  service: string;
  version: string;
  exporter: SpanExporter;
}

/**
 * Traces by OpenTelemetry. Nothing is registered globally: two services in one process, as in tests, have a
 * tracing each, and libraries that would trace by themselves find none.
 */
export class OtelTracing implements Tracing {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  private readonly contexts = new AsyncLocalStorage<Context>();
  private readonly propagator = new W3CTraceContextPropagator();

  constructor(config: TracingConfig, { service, version, exporter }: OtelTracingOptions) {
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': service,
        'service.version': version,
        'service.namespace': 'agent-messenger',
        'host.name': hostname(),
      }),
      sampler: samplerOf(config),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: QUEUE_SPANS,
          scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
        }),
      ],
    });
    this.tracer = this.provider.getTracer('agent-messenger', version);
  }

  start(options: SpanOptions): OpenSpan {
    return this.open(options).opened;
  }

  async run<T>(options: SpanOptions, work: (span: OpenSpan) => Promise<T>): Promise<T> {
    const { opened, context } = this.open(options);
    try {
      return await this.contexts.run(context, () => work(opened));
    } catch (error) {
      opened.fail(error);
      throw error;
    } finally {
      opened.end();
    }
  }

  current(): string | undefined {
    const span = this.running();
    return span && traceparentOf(span);
  }

  detached<T>(work: () => T): T {
    return this.contexts.exit(work);
  }

  logFields() {
    const span = this.running();
    return span && { trace_id: span.traceId, span_id: span.spanId };
  }

  async close(): Promise<void> {
    await this.provider.shutdown();
  }

  private open({ name, kind, parent, attributes }: SpanOptions) {
    const outer =
      parent === undefined
        ? (this.contexts.getStore() ?? ROOT_CONTEXT)
        : this.propagator.extract(ROOT_CONTEXT, { traceparent: parent }, defaultTextMapGetter);
    const span = this.tracer.startSpan(
      name,
      { kind: KINDS[kind], ...(attributes && { attributes }) },
      outer,
    );
    return { opened: openSpan(span), context: trace.setSpan(outer, span) };
  }

  private running(): SpanContext | undefined {
    const context = this.contexts.getStore();
    const span = context && trace.getSpanContext(context);
    return span && isSpanContextValid(span) ? span : undefined;
  }
}

function openSpan(span: Span): OpenSpan {
  return {
    traceparent: traceparentOf(span.spanContext()),
    set: (attributes) => void span.setAttributes(attributes),
    fail: (error) => note(span, error),
    end: () => span.end(),
  };
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string | undefined {
  return traceFlags & TraceFlags.SAMPLED ? `00-${traceId}-${spanId}-01` : undefined;
}

/** The code or class of an error, never its text: that of an unexpected one may hold anything. */
function note(span: Span, error: unknown): void {
  const isExpected = error instanceof AppError;
  const name = isExpected ? error.code : error instanceof Error ? error.name : typeof error;
  span.setAttribute('error.type', name);
  // What a caller did wrong is no failure of ours.
  if (isExpected && name !== 'internal' && name !== 'unavailable') return;
  span.setStatus({ code: SpanStatusCode.ERROR, message: name });
}

function samplerOf({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }: TracingConfig) {
  const root =
    OTEL_TRACES_SAMPLER === 'parentbased_always_on'
      ? new AlwaysOnSampler()
      : new TraceIdRatioBasedSampler(OTEL_TRACES_SAMPLER_ARG);
  return new ParentBasedSampler({ root });
}
