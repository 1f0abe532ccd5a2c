import { useEffect, useRef, useState } from 'preact/hooks';
import { problemText } from './operator';

/** Something that is done when it is asked for, and may fail. */
export function useWork() {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  /** Resolves to whether it was done. */
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(problemText(error));
      return false;
    } finally {
      setBusy(false);
    }
  }
  return { problem, isBusy, run };
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** A listing page by page; `again` starts anew, as does another `key`. */
export function usePages<T>(key: string, load: (cursor: string | undefined) => Promise<Page<T>>) {
  const [page, setPage] = useState<Page<T> | null>(null);
  const { problem, isBusy, run } = useWork();
  // Of the newest question: what answers an older one is not shown.
  const turn = useRef(0);
  const isAsking = useRef(false);
  const hasMany = useRef(false);
  async function ask(before: Page<T> | null): Promise<void> {
    const own = ++turn.current;
    isAsking.current = true;
    await run(async () => {
      try {
        const { items, next } = await load(before?.next ?? undefined);
        if (own !== turn.current) return;
        setPage({ items: [...(before?.items ?? []), ...items], next });
        hasMany.current = before !== null;
      } catch (error) {
        if (own === turn.current) throw error;
      }
    });
    if (own === turn.current) isAsking.current = false;
  }
  const again = () => ask(null);
  useEffect(() => {
    // Of another question: nothing is to be added to it.
    setPage(null);
    void again();
  }, [key]);
  return {
    items: page?.items ?? null,
    hasMore: (page?.next ?? null) !== null,
    problem,
    isBusy,
    again,
    more: () => ask(page),
    /** As `again`, but where it would take away what is read: further pages, or those that are on their way. */
    async renew(): Promise<void> {
      if (!isAsking.current && !hasMany.current) await again();
    },
  };
}
