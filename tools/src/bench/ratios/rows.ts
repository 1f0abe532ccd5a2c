/** What can be measured by itself. */
export const ROWS = ['saturation', 'load', 'quiet', 'push', 'memory', 'connects'] as const;
export type RowName = (typeof ROWS)[number];

/** One figure of one system beside that of another. */
export interface Ratio {
  what: string;
  /** Medians over the rounds. */
  ours: string;
  beside: string;
  /** Median over adjacent rounds; of an aim that is no ratio, ours. */
  value: number;
  aim: { most: number } | { least: number } | undefined;
}

export interface RowResult {
  ratios: Ratio[];
  /** What went wrong with what was sent. */
  faults: string[];
}

export function isMet({ value, aim }: Ratio): boolean | undefined {
  if (!aim) return undefined;
  return 'most' in aim ? value <= aim.most : value >= aim.least;
}
