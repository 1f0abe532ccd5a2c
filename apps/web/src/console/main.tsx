import { render } from 'preact';
import { languageOf, useLanguage } from '../i18n/i18n';
import { StartFailure } from '../ui/start-failure';
import { Console } from './console';
import '../theme/theme.css';
import '../ui/ui.css';
import '../chat/sign-in/sign-in.css';
import './console.css';
import './table.css';

const place = document.getElementById('app')!;
try {
  await useLanguage(languageOf(navigator.languages));
  render(<Console />, place);
} catch (error) {
  reportError(error);
  render(<StartFailure />, place);
}
