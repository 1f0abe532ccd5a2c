import type { Message } from '@agent-messenger/sdk/browser';
import { language, words } from '../../i18n/i18n';

/** What an answer has cost, when its agent tells it in `metadata.usage`. */
export function UsageNote({ message }: { message: Message }) {
  const usage = message.metadata?.['usage'];
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return null;
  const { input_tokens: input, output_tokens: output, model } = usage;
  if (typeof input !== 'number' || typeof output !== 'number') return null;
  const number = new Intl.NumberFormat(language());
  const counts = words().thread.usage(number.format(input), number.format(output));
  return <span>{typeof model === 'string' ? `${model} · ${counts}` : counts}</span>;
}
