import type { ComponentChildren } from 'preact';
import { words } from '../i18n/i18n';
import { IconButton } from '../ui/button';

interface SectionHeadProps {
  title: string;
  onRefresh: () => unknown;
  children?: ComponentChildren;
}

export function SectionHead({ title, onRefresh, children }: SectionHeadProps) {
  return (
    <div class="section-head">
      <h1>{title}</h1>
      <IconButton icon="retry" label={words().console.refresh} onClick={() => void onRefresh()} />
      <span class="section-space" />
      {children}
    </div>
  );
}
