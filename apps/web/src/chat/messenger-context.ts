import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Messenger } from './session/messenger';

export const MessengerContext = createContext<Messenger | null>(null);

export function useMessenger(): Messenger {
  return useContext(MessengerContext)!;
}
