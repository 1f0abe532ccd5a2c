import { moment } from './figures';

/** In one line: a narrow page would break it into four, and its table scrolls. */
export function Moment({ at }: { at: string | null }) {
  return <span class="nowrap">{moment(at)}</span>;
}
