import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { SignIn } from './sign-in/sign-in';
import { StartFailure } from '../ui/start-failure';
import { Starting } from '../ui/starting';
import type { Account, Person } from './session/account';

interface AppProps {
  account: Account;
  linkCode: string | null;
}
export interface SignedInProps {
  account: Account;
  person: Person;
  onEnded: () => void;
}

/** Signing in, or what is behind it, which is loaded then. */
export function App({ account, linkCode }: AppProps) {
  const person = account.person.value;
  const [link, setLink] = useState(linkCode);
  const [isEnded, setEnded] = useState(false);
  const [SignedIn, setSignedIn] = useState<ComponentType<SignedInProps> | null>(null);
  useEffect(() => {
    void import('./signed-in').then(
      (module) => setSignedIn(() => module.SignedIn),
      () => setSignedIn(() => StartFailure),
    );
  }, []);
  if (link !== null || !person) {
    const used = () => setLink(null);
    return <SignIn account={account} linkCode={link} isEnded={isEnded} onLinkUsed={used} />;
  }
  if (!SignedIn) return <Starting />;
  return (
    <SignedIn key={person.id} account={account} person={person} onEnded={() => setEnded(true)} />
  );
}
