/** Paths on a grid of 24, drawn as lines. */
const paths = {
  plus: 'M12 5v14M5 12h14',
  search: 'M11 19a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm10 2-4.3-4.3',
  close: 'M6 6l12 12M18 6 6 18',
  back: 'M15 5l-7 7 7 7',
  down: 'M12 5v14m0 0 6-6m-6 6-6-6',
  send: 'M5 12h14m0 0-6-6m6 6-6 6',
  stop: 'M7 7h10v10H7z',
  more: 'M12 4.500a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600Zm0 6.700a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600Zm0 6.700a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600Z',
  check: 'M5 12.5 10 17.5 19.5 7',
  checks: 'M2 12.5 7 17.5 16 7.5M12 17l.5.5L22 7.5',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-14v5l3 2',
  alert: 'M12 8v5m0 3.5h.01M12 3 2.5 20h19L12 3Z',
  reply: 'M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6',
  edit: 'M4 20h4L19 9l-4-4L4 16v4Z',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  smile:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-4-7c1 1.6 2.4 2.4 4 2.4s3-.8 4-2.4M9 9.5h.01M15 9.5h.01',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  bell: 'M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7m4 10h4',
  mute: 'M6 10a6 6 0 0 1 9-5M18 10c0 6 2 7 2 7H7m3 3h4M3 3l18 18',
  archive: 'M3 5h18v4H3zM5 9v10h14V9m-9 4h4',
  tag: 'M4 4h8l8 8-8 8-8-8V4Zm4 4h.01',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9c.6-4 4-6 8-6s7.400 2 8 6',
  settings: 'M4 7h10m4 0h2M4 17h2m4 0h10M16 7a2 2 0 1 0 0-.01M8 17a2 2 0 1 0 0-.01',
  logout: 'M14 4h5v16h-5M3 12h11m0 0-4-4m4 4-4 4',
  retry: 'M20 11a8 8 0 1 0-2 6M20 5v6h-6',
  key: 'M14 14a5 5 0 1 0-4-4l-7 7v4h4v-3h3v-3l4-1Zm2-6h.01',
  download: 'M12 4v11m0 0 5-5m-5 5-5-5M4 20h16',
  chat: 'M4 5h16v11h-9l-5 4v-4H4z',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, small = false }: { name: IconName; small?: boolean }) {
  return (
    <svg class={small ? 'icon small' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
