import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger';
import type { TracingConfig } from './tracing';

const TIMEOUT_MS = 5_000;

/** Sends spans to a collector by OTLP/HTTP. */
export function createOtlpExporter(endpoint: string, config: TracingConfig): SpanExporter {
  return new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    timeoutMillis: TIMEOUT_MS,
  });
}

/** OpenTelemetry drops what cannot be exported without a word; here it is one line per outage. */
export function reportOutages(exporter: SpanExporter, log: Logger): SpanExporter {
  let down = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        if (failed && !down) {
          log.warn(
            { reason: result.error?.message },
            'traces cannot be exported: they are dropped',
          );
        }
        if (!failed && down) log.info('traces are exported again');
        down = failed;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
