export type Reference = { $ref: string };

export function ref(...path: string[]): Reference {
  return { $ref: `#/${path.join('/')}` };
}
