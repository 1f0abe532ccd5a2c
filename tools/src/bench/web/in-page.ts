/// <reference lib="dom" />
// What runs in the page: each function is sent there as it stands, so it uses nothing but the page.

interface Watched extends Window {
  benchShownAt?: number;
  benchFrames?: number[];
  benchBubble?: Promise<number>;
}

/** Resolves with ms from the beginning of the visit to the first frame that has this. */
export function shown(selector: string): Promise<number> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.querySelector(selector)) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    look();
  });
}

/** Notes when the page has this, for `loadedBefore`. To be there before the page's own scripts. */
export function watchShown(selector: string): void {
  const observer = new MutationObserver(() => {
    if (!document.querySelector(selector)) return;
    (window as Watched).benchShownAt = performance.now();
    observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Addresses of what was asked for before that, the page itself left out: what comes later nobody waits for. */
export function loadedBefore(): string[] {
  const { benchShownAt = Infinity } = window as Watched;
  const all = performance.getEntriesByType('resource');
  return all.filter(({ startTime }) => startTime <= benchShownAt).map(({ name }) => name);
}

/** Resolves with ms from the beginning of the visit to the first frame that has the whole list. */
export function listed({ leastPx }: { leastPx: number }): Promise<number> {
  return new Promise((resolve) => {
    const look = () => {
      const list = document.querySelector('.rows ul');
      if ((list?.getBoundingClientRect().height ?? 0) >= leastPx) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    look();
  });
}

/** Waits for the next Enter and the frame with the own message; `ownBubblePainted` tells. */
export function watchOwnBubble(text: string): void {
  (window as Watched).benchBubble = new Promise((resolve) => {
    let pressedAt: number | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter') pressedAt = event.timeStamp;
    };
    addEventListener('keydown', onKey, true);
    const look = () => {
      const bubbles = document.querySelectorAll('.message.is-own .markdown');
      if (pressedAt === undefined || bubbles[bubbles.length - 1]?.textContent.trim() !== text) {
        requestAnimationFrame(look);
        return;
      }
      removeEventListener('keydown', onKey, true);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - (pressedAt ?? 0));
      port2.postMessage(null);
    };
    requestAnimationFrame(look);
  });
}

/** Resolves with ms from the Enter to when the frame had been painted. */
export function ownBubblePainted(): Promise<number> {
  return (window as Watched).benchBubble ?? Promise.reject(new Error('nothing is watched'));
}

/** Notes when each frame begins, until `takeFrames`. */
export function watchFrames(): void {
  const frames: number[] = [];
  (window as Watched).benchFrames = frames;
  const tick = (at: number) => {
    if ((window as Watched).benchFrames !== frames) return;
    frames.push(at);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

/** ms */
export function takeFrames(): number[] {
  const { benchFrames = [] } = window as Watched;
  delete (window as Watched).benchFrames;
  return benchFrames;
}

/** The number in the text of the first message in view. */
export function firstNumberInView(): number {
  const top = document.querySelector('.messages')?.getBoundingClientRect().top ?? 0;
  const texts = Array.from(document.querySelectorAll<HTMLElement>('.message .markdown'));
  const first = texts.find((text) => text.getBoundingClientRect().bottom > top);
  return Number(/\d+/.exec(first?.textContent ?? '')?.[0] ?? NaN);
}

/** Resolves when the page has had its turn: tasks and a frame, and another one. */
export function twoFrames(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}
