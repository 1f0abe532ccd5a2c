import config from './eslint.config.mjs';

/** Of the whole repository at once: what projects share is read and checked once, not once for each of them. */
export default [
  ...config,
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      parserOptions: {
        projectService: false,
        tsconfigRootDir: import.meta.dirname,
        // Where there is a DOM there are other types: programs of their own.
        project: [
          './tsconfig.json',
          './libs/sdk/tsconfig.json',
          './apps/e2e/tsconfig.json',
          './apps/web/tsconfig.json',
        ],
      },
    },
  },
];
