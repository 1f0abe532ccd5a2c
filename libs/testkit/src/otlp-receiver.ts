import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const attributesSchema = z.array(
  z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }),
);
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: attributesSchema.default([]),
  status: z.object({ code: z.int().optional(), message: z.string().optional() }).optional(),
});
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

export interface ReceivedSpan extends Omit<z.output<typeof spanSchema>, 'attributes'> {
  service: string;
  attributes: Record<string, unknown>;
}

export interface OtlpReceiver {
  /** What a service is told as OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Bodies as they came in, to look for what must not be in them. */
  readonly bodies: string[];
  readonly requests: IncomingMessage[];
  /** Answers 503 from now on. */
  refuse(refuses: boolean): void;
  stop(): Promise<void>;
}

/** An OpenTelemetry collector on this machine, which keeps what it gets by OTLP/HTTP in JSON. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const requests: IncomingMessage[] = [];
  let refuses = false;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push(request);
      if (refuses || request.method !== 'POST' || request.url !== '/v1/traces') {
        return response.writeHead(refuses ? 503 : 404).end();
      }
      bodies.push(body);
      spans.push(...spansOf(body));
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    requests,
    refuse: (value) => (refuses = value),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function spansOf(body: string): ReceivedSpan[] {
  const { resourceSpans } = exportSchema.parse(JSON.parse(body));
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toObject(resource.attributes)['service.name']);
    return scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({ ...span, service, attributes: toObject(span.attributes) }));
  });
}

/** OTLP writes a value as `{stringValue: …}`, `{intValue: …}` and so on. */
function toObject(attributes: z.output<typeof attributesSchema>): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
