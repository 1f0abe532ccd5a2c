import { render } from 'preact';
import { languageOf, useLanguage } from '../i18n/i18n';
import { Console } from './console';
import '../theme/theme.css';
import '../ui/ui.css';
import '../chat/sign-in/sign-in.css';
import './console.css';
import './table.css';

await useLanguage(languageOf(navigator.languages));
render(<Console />, document.getElementById('app')!);
