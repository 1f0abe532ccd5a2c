import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './button';
import { Icon, type IconName } from './icon';

export interface MenuItem {
  icon: IconName;
  label: string;
  isDanger?: boolean;
  onChoose: () => void;
}

/** A button that opens a list of actions; arrow keys, Escape and a click elsewhere do what they do in menus. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!isOpen) return;
    root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const onPointer = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', onPointer);
    return () => removeEventListener('pointerdown', onPointer);
  }, [isOpen]);

  function onKey(event: KeyboardEvent): void {
    if (!isOpen) return;
    if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false);
      root.current?.querySelector('button')?.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const all = [...root.current!.querySelectorAll<HTMLElement>('[role="menuitem"]')];
    const from = all.indexOf(document.activeElement as HTMLElement);
    all[(from + step + all.length) % all.length]?.focus();
  }

  return (
    <div ref={root} class="menu-root" onKeyDown={onKey}>
      <IconButton
        icon="more"
        label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      />
      {isOpen && (
        <div class="menu" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={item.isDanger ? 'menu-item is-danger' : 'menu-item'}
              onClick={() => {
                // What it opens gives the focus back to what had it, and this item is gone then.
                root.current?.querySelector('button')?.focus();
                setOpen(false);
                item.onChoose();
              }}
            >
              <Icon name={item.icon} small />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
