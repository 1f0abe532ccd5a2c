import type { OpenSpan, SpanOptions, Tracing } from '@agent-messenger/service-kit';
import { remember } from '../remember';
import type { DuePush, LogEntry } from '../store/store';

/** Commits whose traces are remembered; of older ones relay and push are not traced. */
const REMEMBERED = 10_000;

interface EventRef {
  conversation_id: string;
  seq: number;
}

export interface TracedEntry extends LogEntry {
  /** Of the span in which it is relayed. */
  traceparent?: string | undefined;
}

/** Work on things that may be part of a trace each. */
interface InSpans<T> {
  items: T[];
  end(error?: unknown): void;
}

/**
 * Leads a trace from the commit of an event to its relay and its pushes, which read the event from the log. In memory
 * alone: what a restart loses are ends of traces, not events.
 */
export class EventTraces {
  private readonly events = new Map<string, string>();
  private readonly conversations = new Map<string, string>();

  constructor(private readonly tracing: Tracing) {}

  /** @param traceparent of the commit */
  note(event: EventRef, traceparent: string, { isMessage }: { isMessage: boolean }): void {
    remember(this.events, keyOf(event), traceparent, REMEMBERED);
    if (isMessage) remember(this.conversations, event.conversation_id, traceparent, REMEMBERED);
  }

  /** Of its commit, if that is part of a trace and not long ago. */
  of(event: EventRef): string | undefined {
    return this.events.get(keyOf(event));
  }

  relay(entries: LogEntry[]): InSpans<TracedEntry> {
    return this.inSpans(entries, (entry) => ({
      parent: this.events.get(keyOf(entry.event)),
      span: { name: 'relay', attributes: { 'messenger.recipients': entry.to.length } },
      withTrace: (traceparent) => ({ ...entry, traceparent }),
    }));
  }

  /** A job is part of the trace of the conversation's newest message, which is what it tells of. */
  queue(due: DuePush[]): InSpans<DuePush> {
    return this.inSpans(due, ({ platform, job }) => ({
      parent: this.conversations.get(job.conversation_id),
      span: { name: 'push queue', attributes: { 'messenger.platform': platform } },
      withTrace: (traceparent) => ({ platform, job: { ...job, traceparent } }),
    }));
  }

  private inSpans<T, U extends T>(
    items: T[],
    describe: (item: T) => {
      parent: string | undefined;
      span: Pick<SpanOptions, 'name' | 'attributes'>;
      withTrace(traceparent: string): U;
    },
  ): InSpans<T> {
    const spans: OpenSpan[] = [];
    const traced = items.map((item) => {
      const { parent, span, withTrace } = describe(item);
      if (parent === undefined) return item;
      const opened = this.tracing.start({ ...span, kind: 'producer', parent });
      spans.push(opened);
      return opened.traceparent === undefined ? item : withTrace(opened.traceparent);
    });
    return {
      items: traced,
      end(error) {
        for (const span of spans) {
          if (error !== undefined) span.fail(error);
          span.end();
        }
      },
    };
  }
}

function keyOf({ conversation_id, seq }: EventRef): string {
  return `${conversation_id} ${seq}`;
}
