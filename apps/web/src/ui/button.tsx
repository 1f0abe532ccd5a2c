import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'primary' | 'danger' | 'quiet' | undefined;
  small?: boolean;
  wide?: boolean;
  children: ComponentChildren;
}

export function Button({ look, small, wide, children, ...rest }: ButtonProps) {
  const looks = ['button', look, small && 'small', wide && 'wide'].filter(Boolean).join(' ');
  return (
    <button type="button" {...rest} class={looks}>
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName;
  /** What it does, in words: its accessible name and its tooltip. */
  label: string;
  small?: boolean;
}

export function IconButton({ icon, label, small, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      class={small ? 'icon-button small' : 'icon-button'}
    >
      <Icon name={icon} small={small ?? false} />
    </button>
  );
}
