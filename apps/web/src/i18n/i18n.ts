import { signal } from '@preact/signals';
import type { Catalogue } from './en';

/** A further language is one file beside these and its line here. */
const catalogues = {
  en: () => import('./en'),
  de: () => import('./de'),
};
export type Language = keyof typeof catalogues;
export const languages = Object.keys(catalogues) as Language[];

const loaded = signal<{ language: Language; catalogue: Catalogue } | null>(null);

/** The first of the wanted languages that there is, English when there is none. */
export function languageOf(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0] as Language);
  return known.find((language) => languages.includes(language)) ?? 'en';
}

/** Resolves once what is rendered from then on is in that language. */
export async function useLanguage(language: Language): Promise<void> {
  const { default: catalogue } = await catalogues[language]();
  loaded.value = { language, catalogue };
  document.documentElement.lang = language;
}

/** The words; components that call it are rendered again when the language changes. */
export function words(): Catalogue {
  if (!loaded.value) throw new Error('no language is loaded yet');
  return loaded.value.catalogue;
}

export function language(): Language {
  return loaded.value?.language ?? 'en';
}
