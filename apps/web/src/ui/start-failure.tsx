import { brandName } from '../brand';
import { Button } from './button';

/**
 * A part of the page was not there, as while a server is brought up to date, or the browser lets it keep nothing. In
 * English: the words may be what is missing.
 */
export function StartFailure() {
  return (
    <main class="sign-in">
      <div class="sign-in-card" lang="en">
        <h1>{brandName()}</h1>
        <p role="alert">This page could not be loaded as a whole.</p>
        <Button look="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </div>
    </main>
  );
}
