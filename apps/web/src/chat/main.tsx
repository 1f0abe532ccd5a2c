import { render } from 'preact';
import { applySettings, savedLanguage } from './settings/preferences';
import { useLanguage } from '../i18n/i18n';
import { App } from './app';
import { Account } from './session/account';
import { clearLinkCode, linkCodeOf } from './session/place';
import { StartFailure } from '../ui/start-failure';
import { Starting } from '../ui/starting';
import '../theme/theme.css';
import '../ui/ui.css';
import './sign-in/sign-in.css';

const place = document.getElementById('app')!;
// A store of the browser that something else holds does not answer; when it does, the page begins all the same.
render(<Starting />, place);
try {
  applySettings();
  const linkCode = linkCodeOf(location.hash);
  const [account] = await Promise.all([Account.open(), useLanguage(savedLanguage())]);
  // Not before: a start that failed is repeated with it.
  clearLinkCode();
  render(<App account={account} linkCode={linkCode} />, place);
} catch (error) {
  reportError(error);
  render(<StartFailure />, place);
}
