import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Dependencies point one way: apps → service-kit → contracts; sdk → contracts; testkit → sdk, service-kit, contracts. */
const boundaries = {
  'type:contracts': [],
  'type:sdk': ['type:contracts'],
  'type:service-kit': ['type:contracts'],
  'type:testkit': ['type:contracts', 'type:sdk', 'type:service-kit'],
  'type:app': ['type:contracts', 'type:service-kit'],
  'type:web': ['type:contracts', 'type:sdk'],
  'type:tools': ['type:contracts', 'type:sdk', 'type:testkit', 'type:service-kit'],
  'type:e2e': ['type:contracts', 'type:sdk', 'type:testkit'],
};
const constraints = (extra = []) =>
  Object.entries(boundaries).map(([sourceTag, allowed]) => ({
    sourceTag,
    onlyDependOnLibsWithTags: [...allowed, ...extra],
  }));
const enforce = (depConstraints) => [
  'error',
  {
    enforceBuildableLibDependency: false,
    banTransitiveDependencies: true,
    allow: [],
    depConstraints,
  },
];
const tests = ['**/*.test.{ts,tsx}', '**/tests/**/*.ts'];

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.nx', '.data', '**/*.cjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@nx/enforce-module-boundaries': enforce(constraints()),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only main.ts reads the environment.' },
        { object: 'process', property: 'exit', message: 'Only main.ts ends the process.' },
        { object: 'jest', property: 'mock', message: 'Tests use real parts.' },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: tests,
    rules: {
      // Tests may use the testkit and the SDK; what ships may not.
      '@nx/enforce-module-boundaries': enforce(
        constraints(['type:testkit', 'type:sdk', 'type:service-kit']),
      ),
    },
  },
  {
    files: ['**/src/main.ts', '**/src/bin/*.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
  prettier,
);
