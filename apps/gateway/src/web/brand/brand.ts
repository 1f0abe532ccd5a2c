import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { brandStyle } from './brand-style';

/** What the operator calls this installation, and how it looks. */
export interface BrandConfig {
  BRAND_NAME: string;
  BRAND_COLOR?: string | undefined;
  BRAND_LOGO?: string | undefined;
}

/** A file that only this installation has, named by what is in it. */
export interface BrandFile {
  /** Within `assets/`. */
  name: string;
  /** Content-Type. */
  type: string;
  content: Buffer;
}

export interface Brand {
  name: string;
  /** `#rrggbb` */
  color: string | undefined;
  logo: BrandFile | undefined;
  style: BrandFile | undefined;
}

/** Content types of logos, by the end of the file's name. */
export const LOGO_TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
};

/** @throws Error when the logo cannot be read */
export async function readBrand(config: BrandConfig): Promise<Brand> {
  const { BRAND_NAME: name, BRAND_COLOR: color, BRAND_LOGO: path } = config;
  return {
    name,
    color,
    logo:
      path === undefined
        ? undefined
        : brandFile('logo', extname(path).toLowerCase(), await readLogo(path)),
    style: color === undefined ? undefined : brandFile('brand', '.css', brandStyle(color)),
  };
}

function brandFile(stem: string, extension: string, from: Buffer | string): BrandFile {
  const content = Buffer.from(from);
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  const type = LOGO_TYPES[extension] ?? 'text/css; charset=utf-8';
  return { name: `${stem}-${hash}${extension}`, type, content };
}

async function readLogo(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Error(`BRAND_LOGO cannot be read: ${(cause as Error).message}`, { cause });
  }
}
