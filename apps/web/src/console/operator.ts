import { createRest, MessengerError, type Rest } from '@agent-messenger/sdk/rest';
import { signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { words } from '../i18n/i18n';

/** The page is below `admin/`, the gateway is above that. Without a slash at its end. */
export function gatewayRoot(): string {
  return new URL('..', document.baseURI).href.replace(/\/+$/, '');
}

/** Whoever has shown the admin key. The key is in here and nowhere else. */
export class Operator {
  /** Set when a call was refused for its key: it has been changed. */
  readonly isRefused = signal(false);
  readonly #rest = createRest(gatewayRoot());

  constructor(private readonly adminKey: string) {}

  readonly request: Rest['request'] = async (name, input) => {
    try {
      return await this.#rest.request(name, input, { adminKey: this.adminKey });
    } catch (error) {
      if (error instanceof MessengerError && error.code === 'unauthorized') {
        this.isRefused.value = true;
      }
      throw error;
    }
  };
}

export const OperatorContext = createContext<Operator | null>(null);

export function useOperator(): Operator {
  const operator = useContext(OperatorContext);
  if (!operator) throw new Error('nobody has shown the key');
  return operator;
}

/** What went wrong, for whoever wanted it. */
export function problemText(error: unknown): string {
  const w = words().console;
  if (!(error instanceof MessengerError)) return w.failed(String(error));
  switch (error.code) {
    case 'unauthorized':
      return w.keyWrong;
    case 'rate_limited':
      return w.tooMany;
    case 'unreachable':
    case 'timeout':
      return w.unreachable;
    default:
      return w.failed(error.message);
  }
}
