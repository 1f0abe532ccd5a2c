import { useEffect, useState } from 'preact/hooks';
import { StartFailure } from './start-failure';

const LONGEST_START_MS = 10_000;

/** Nothing, while what the page begins with is on its way; that it does not come is said after a while. */
export function Starting() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LONGEST_START_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? <StartFailure /> : null;
}
