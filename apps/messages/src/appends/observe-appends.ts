import type { Operation, OperationResult } from '@agent-messenger/contracts';
import { AppError, type OpenSpan, type Tracing } from '@agent-messenger/service-kit';
import type { EventTraces } from '../relay/event-traces';
import type { GroupCommit } from './group-commit';
import type { OperationMetrics } from '../metrics';

interface ObserveOptions {
  metrics: OperationMetrics;
  traces: { tracing: Tracing; events: EventTraces } | undefined;
}

/** Counts what is appended, and continues the traces that operations are part of: a batch is part of many. */
export function observeAppends(
  { append, drain }: GroupCommit,
  { metrics, traces }: ObserveOptions,
): GroupCommit {
  return {
    drain,
    async append(operations) {
      const spans = traces && startCommits(operations, traces.tracing);
      try {
        const results = await append(operations);
        results.forEach((result, index) => {
          const op = operations[index]?.op ?? 'none';
          metrics.operations.inc({ op, outcome: outcomeOf(result) });
        });
        if (traces) spans?.forEach((span, index) => endCommit(span, results[index], traces.events));
        return results;
      } catch (error) {
        spans?.forEach((span) => {
          span.fail(error);
          span.end();
        });
        throw error;
      }
    },
  };
}

/** By the operation's place in the batch. */
function startCommits(operations: Operation[], tracing: Tracing): Map<number, OpenSpan> {
  const spans = new Map<number, OpenSpan>();
  for (const [index, operation] of operations.entries()) {
    if (!('traceparent' in operation) || operation.traceparent === undefined) continue;
    const { traceparent: parent, conversation_id, op } = operation;
    const attributes = {
      'messenger.conversation_id': conversation_id,
      'messenger.operation': op,
      'messenger.batch': operations.length,
    };
    spans.set(index, tracing.start({ name: 'commit', kind: 'internal', parent, attributes }));
  }
  return spans;
}

function endCommit(span: OpenSpan, result: OperationResult | undefined, events: EventTraces): void {
  const event = result && eventOf(result);
  if (event) {
    span.set({ 'messenger.seq': event.seq });
    if (span.traceparent !== undefined) {
      events.note(event, span.traceparent, { isMessage: 'sent' in result });
    }
  }
  if (result && !result.ok) span.fail(AppError.fromWire(result.error));
  span.end();
}

/** What the operation added to the log. */
function eventOf(result: OperationResult) {
  if ('sent' in result && !result.sent.duplicate) {
    // Of what was interrupted and is now complete, the edit.
    const { conversation_id, updated_seq: seq } = result.sent.message;
    return { conversation_id, seq };
  }
  if ('changed' in result && !result.changed.duplicate) return result.changed.event;
  return undefined;
}

function outcomeOf(result: OperationResult): string {
  if (!result.ok) return result.error.code;
  const isRepeat =
    ('sent' in result && result.sent.duplicate) ||
    ('changed' in result && result.changed.duplicate);
  return isRepeat ? 'duplicate' : 'ok';
}
