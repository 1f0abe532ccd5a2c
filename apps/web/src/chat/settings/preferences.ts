import { languageOf, languages, type Language } from '../../i18n/i18n';

/** Of this browser, not of a person: they hold on the page for signing in, too. */
export type Theme = 'system' | 'light' | 'dark';
const THEME = 'agent-messenger:theme';
const LANGUAGE = 'agent-messenger:language';

export function savedTheme(): Theme {
  const saved = localStorage.getItem(THEME);
  return saved === 'light' || saved === 'dark' ? saved : 'system';
}

export function saveTheme(theme: Theme): void {
  localStorage.setItem(THEME, theme);
  applySettings();
}

export function savedLanguage(): Language {
  const saved = localStorage.getItem(LANGUAGE) as Language | null;
  return saved && languages.includes(saved) ? saved : languageOf(navigator.languages);
}

export function saveLanguage(language: Language): void {
  localStorage.setItem(LANGUAGE, language);
}

export function applySettings(): void {
  const theme = savedTheme();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
