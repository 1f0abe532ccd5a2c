import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

/** The SDK's module `contract/contract.ts` with what it computes as plain data: no schema is loaded with it. */
export async function contractAsData() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../libs/sdk/src/contract/contract.ts', import.meta.url))],
    bundle: true,
    conditions: ['@agent-messenger/source'],
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const { contract } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  return `export const contract = ${JSON.stringify(contract)};`;
}
