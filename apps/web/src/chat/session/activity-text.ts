import { words } from '../../i18n/i18n';
import type { Activity } from './live-states';

/** What somebody is doing, in words. */
export function activityText({ state, label }: Activity): string {
  const w = words().thread.activity;
  if (state === 'using_tool') return label === undefined ? w.usingTool : w.usingThis(label);
  return label ?? (state === 'error' ? w.error : w.thinking);
}
