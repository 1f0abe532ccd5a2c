interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it stays open at first; doubles with every failed trial. */
  firstMs: number;
  longestMs: number;
  /** Monotonic, milliseconds. */
  now?: () => number;
  onChange?: (open: boolean) => void;
}

/** How long others wait while one send tries whether a provider works again. */
const TRIAL_MS = 1_000;

/**
 * Keeps sends away from a provider that does not work. After a while one send is let through as a trial, whose end
 * closes the breaker or opens it for longer.
 */
export class CircuitBreaker {
  private failed = 0;
  private openMs = 0;
  private openUntil = 0;
  private inTrial = false;
  private readonly now: () => number;

  constructor(private readonly options: CircuitBreakerOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  get isOpen(): boolean {
    return this.openMs > 0;
  }

  /** Milliseconds until a send may be let through; 0 when it may be now. */
  waitMs(): number {
    if (!this.isOpen) return 0;
    const left = this.openUntil - this.now();
    return left > 0 ? left : this.inTrial ? TRIAL_MS : 0;
  }

  /** Takes the way through: `succeed` or `fail` must follow. Milliseconds to wait when there is none. */
  enter(): number {
    const wait = this.waitMs();
    if (wait === 0 && this.isOpen) this.inTrial = true;
    return wait;
  }

  succeed(): void {
    this.failed = 0;
    this.inTrial = false;
    if (!this.isOpen) return;
    this.openMs = 0;
    this.options.onChange?.(false);
  }

  /** @param atOnce when one failure says it all */
  fail({
    retryAfterMs = 0,
    atOnce = false,
  }: { retryAfterMs?: number; atOnce?: boolean } = {}): void {
    const { failures, firstMs, longestMs, onChange } = this.options;
    this.failed += 1;
    const wasOpen = this.isOpen;
    if (wasOpen && !this.inTrial) {
      // Sent before it opened.
      this.openUntil = Math.max(this.openUntil, this.now() + retryAfterMs);
      return;
    }
    this.inTrial = false;
    if (!wasOpen && this.failed < failures && !atOnce && retryAfterMs === 0) return;
    this.openMs = wasOpen ? Math.min(this.openMs * 2, longestMs) : firstMs;
    this.openUntil = this.now() + Math.max(this.openMs, retryAfterMs);
    if (!wasOpen) onChange?.(true);
  }
}
