import type { Presence } from '@agent-messenger/sdk/browser';
import { words } from '../i18n/i18n';

interface AvatarProps {
  name: string;
  id: string;
  status?: Presence['status'] | undefined;
  small?: boolean;
}

const HUES = 12;

/** The first letter on a colour of its own, the same on every page. */
export function Avatar({ name, id, status, small = false }: AvatarProps) {
  const hue = [...id].reduce((sum, each) => (sum * 31 + each.codePointAt(0)!) % 997, 7) % HUES;
  const [first] = new Intl.Segmenter().segment(name.trim());
  return (
    <span class={small ? 'avatar small' : 'avatar'} data-hue={hue}>
      <span aria-hidden="true">{first?.segment.toLocaleUpperCase() ?? '?'}</span>
      {status !== undefined && (
        <span class="presence" data-status={status}>
          <span class="visually-hidden">{words().presence[status]}</span>
        </span>
      )}
    </span>
  );
}
