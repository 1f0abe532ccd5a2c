import type { z } from 'zod';
import type { tracingConfig } from './config';
import type { Logger } from './logger';
import type { Scope } from './scope';

type Attributes = Record<string, string | number | boolean>;

/**
 * Attributes hold names, codes, counts and our own ids: no message text, no credentials, nothing that a client made up.
 */
export interface SpanOptions {
  name: string;
  kind: 'server' | 'internal' | 'producer' | 'consumer';
  /** The `traceparent` of the span that this one continues; by default the one that is running, else none. */
  parent?: string | undefined;
  attributes?: Attributes;
}

/** A span under way. */
export interface OpenSpan {
  /** For whoever continues the trace; undefined when this one is not sampled. */
  readonly traceparent: string | undefined;
  set(attributes: Attributes): void;
  /** Notes an error by its code or class. It marks the span as failed, unless it says what the caller did wrong. */
  fail(error: unknown): void;
  end(): void;
}

/** Where traces are on, a service has one of these; where they are off there is none, and nothing is done. */
export interface Tracing {
  start(options: SpanOptions): OpenSpan;
  /** Carries out `work` in a span that ends with it. Calls of other services within continue the trace. */
  run<T>(options: SpanOptions, work: (span: OpenSpan) => Promise<T>): Promise<T>;
  /** The `traceparent` of the span that is running; undefined when there is none or it is not sampled. */
  current(): string | undefined;
  /** Carries out work that is not of the span that happens to be running. */
  detached<T>(work: () => T): T;
  /** For log lines: the trace and span that are running. */
  logFields(): { trace_id: string; span_id: string } | undefined;
}

export type TracingConfig = z.output<z.ZodObject<typeof tracingConfig>>;

interface OpenTracingOptions {
  service: string;
  version: string;
  log: Logger;
  scope: Scope;
}

/**
 * Undefined unless an endpoint is configured: then OpenTelemetry is not even loaded, and nothing leaves the process.
 */
export async function openTracing(
  config: TracingConfig,
  options: OpenTracingOptions,
): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config;
  if (endpoint === undefined) return undefined;
  const { service, version, log, scope } = options;
  const { OtelTracing } = await import('./otel-tracing');
  const { createOtlpExporter, reportOutages } = await import('./otlp-exporter');
  const exporter = reportOutages(createOtlpExporter(endpoint, config), log);
  const tracing = new OtelTracing(config, { service, version, exporter });
  scope.defer('tracing', () => tracing.close());
  return tracing;
}

/** `tracing.run` where traces are on, else just the work. */
export function traced<T>(
  tracing: Tracing | undefined,
  options: SpanOptions,
  work: (span?: OpenSpan) => Promise<T>,
): Promise<T> {
  return tracing ? tracing.run(options, work) : work();
}
