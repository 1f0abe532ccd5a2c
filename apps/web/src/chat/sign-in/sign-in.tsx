import { useEffect, useRef, useState } from 'preact/hooks';
import { brandLogo, brandName, isRegistrationOpen } from '../../brand';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icon';
import type { Account } from '../session/account';
import { signInProblem } from './sign-in-problem';

interface SignInProps {
  account: Account;
  linkCode: string | null;
  /** There was a login, and it has ended. */
  isEnded: boolean;
  onLinkUsed: () => void;
}

export function SignIn({ account, linkCode, isEnded, onLinkUsed }: SignInProps) {
  const w = words().signIn;
  const [isNew, setNew] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(isEnded ? w.ended : null);
  const form = useRef<HTMLFormElement>(null);

  async function attempt(work: Promise<void>, isLink: boolean): Promise<void> {
    setBusy(true);
    setProblem(null);
    let hasFailed = false;
    try {
      await work;
    } catch (error) {
      hasFailed = true;
      setProblem(signInProblem(error, { isLink }));
    }
    setBusy(false);
    // Who is signed in hears first why they still are who they were.
    if (isLink && !(hasFailed && account.person.peek())) onLinkUsed();
  }
  useEffect(() => {
    if (linkCode !== null) void attempt(account.followLink(linkCode), true);
  }, []);

  function submit(event: Event): void {
    event.preventDefault();
    const data = new FormData(form.current!);
    const username = String(data.get('username'));
    const password = String(data.get('password'));
    void attempt(account[isNew ? 'signUp' : 'signIn'](username, password), false);
  }

  if (linkCode !== null) {
    return (
      <main class="sign-in">
        {problem === null ? (
          <p class="sign-in-wait" role="status">
            <span class="spinner" /> {w.following}
          </p>
        ) : (
          <div class="sign-in-card">
            <h1>{brandName()}</h1>
            <SignInProblem text={problem} />
            <Button look="primary" wide onClick={onLinkUsed}>
              {w.stay}
            </Button>
          </div>
        )}
      </main>
    );
  }
  return (
    <main class="sign-in">
      <form ref={form} class="sign-in-card" onSubmit={submit}>
        <img class="sign-in-logo" src={brandLogo()} alt="" width="48" height="48" />
        <div>
          <h1>{isNew ? w.createTitle : brandName()}</h1>
          <p class="sign-in-lead">{w.lead}</p>
        </div>
        <Field
          label={w.username}
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          autofocus
          hint={isNew ? w.usernameHint : undefined}
        />
        <Field
          label={w.password}
          name="password"
          type="password"
          autocomplete={isNew ? 'new-password' : 'current-password'}
          required
          hint={isNew ? w.passwordHint : undefined}
        />
        <SignInProblem text={problem} />
        <Button type="submit" look="primary" wide disabled={isBusy}>
          {isNew ? w.create : w.submit}
        </Button>
        {isRegistrationOpen() ? (
          <Button
            look="quiet"
            wide
            onClick={() => {
              setProblem(null);
              setNew(!isNew);
            }}
          >
            {isNew ? w.haveAccount : w.create}
          </Button>
        ) : (
          <p class="sign-in-lead">{w.noAccount}</p>
        )}
      </form>
    </main>
  );
}

function SignInProblem({ text }: { text: string | null }) {
  return (
    <div role="alert">
      {text !== null && (
        <p class="note bad">
          <Icon name="alert" />
          {text}
        </p>
      )}
    </div>
  );
}
