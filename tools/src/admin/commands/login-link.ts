import { defineCommand } from '../command';
import { findUser } from './find-user';

export const loginLink = defineCommand({
  usage: '<username|user-id> [--site URL]',
  summary:
    'Makes a link that logs in a person without its password: once, within ten minutes by default. --site is where its people open the app; the admin routes have to be those of an internal port.',
  takes: 1,
  options: { site: { type: 'string' } },
  async run({ args: [named = ''], values }, context) {
    const { id: user_id } = await findUser(context, named);
    const { code, expires_at } = await context.request('createLoginLink', { params: { user_id } });
    const site = values.site ?? context.publicUrl;
    const link = site === undefined ? undefined : `${site.replace(/\/+$/, '')}/#link=${code}`;
    context.print({ user_id, code, expires_at, link: link ?? null }, [
      link ?? `#link=${code}`,
      `works once, until ${expires_at}`,
    ]);
  },
});
