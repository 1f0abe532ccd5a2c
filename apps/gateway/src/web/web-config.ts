import { z } from 'zod';
import { extname } from 'node:path';
import { LOGO_TYPES } from './brand/brand';

export const webConfig = {
  WEB_APP: z
    .enum(['on', 'chat', 'off'])
    .default('on')
    .describe(
      'What browsers get: the chat at `/` and the console at `/admin/`, where the admin routes are; with `chat` no console, with `off` neither.',
    ),
  WEB_DIR: z
    .string()
    .optional()
    .describe('Folder of the built web app (`apps/web/dist`); the image and `npm start` set it.'),
  BRAND_NAME: z
    .string()
    .trim()
    .min(1)
    .max(40)
    .default('Agent Messenger')
    .describe('What the web app calls this installation.'),
  BRAND_COLOR: z
    .string()
    .regex(/^#[\da-f]{6}$/i, 'must be a colour: #0a7d55')
    .transform((color) => color.toLowerCase())
    .optional()
    .describe(
      'Accent of the web app, `#0a7d55` for instance; what is written on it and in it is made readable in light and dark.',
    ),
  BRAND_LOGO: z
    .string()
    .refine(
      (path) => extname(path).toLowerCase() in LOGO_TYPES,
      `must end in ${Object.keys(LOGO_TYPES).join(', ')}`,
    )
    .optional()
    .describe(
      'File with the logo of the web app and its icon when installed: a square SVG, PNG or WebP.',
    ),
};
