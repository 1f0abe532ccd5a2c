import { build } from 'esbuild';

/** Text of a module that exports what the one in this file does, as plain data: nothing that computes it is loaded with it. */
export async function moduleAsData(file) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    conditions: ['@agent-messenger/source'],
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`;
  const exported = Object.entries(await import(url));
  return exported
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
    .join('\n');
}

/** Plugin for esbuild; for one module, which is computed once, in however many builds. */
export function asData(filter) {
  let made;
  return {
    name: 'as-data',
    setup({ onLoad }) {
      onLoad({ filter }, async ({ path }) => ({ contents: await (made ??= moduleAsData(path)) }));
    },
  };
}
