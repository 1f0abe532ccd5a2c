import { useEffect, useState } from 'preact/hooks';
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
  const again = () =>
    run(async () => {
      setPage(await load(undefined));
    });
  const more = () =>
    run(async () => {
      const following = await load(page?.next ?? undefined);
      setPage({ items: [...(page?.items ?? []), ...following.items], next: following.next });
    });
  useEffect(() => void again(), [key]);
  return {
    items: page?.items ?? null,
    hasMore: (page?.next ?? null) !== null,
    problem,
    isBusy,
    again,
    more,
  };
}
