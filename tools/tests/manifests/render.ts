import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './manifest';

/** Why nothing can be rendered here; undefined when it can. Kustomize before 5 knows less and says it differently. */
export function kubectlProblem(): string | undefined {
  const { stdout, error } = spawnSync('kubectl', ['version', '--client', '--output', 'json'], {
    encoding: 'utf8',
  });
  if (error) return 'kubectl is not on PATH';
  const version = /"kustomizeVersion": "v(\d+)/.exec(stdout)?.[1];
  return Number(version) >= 5 ? undefined : `kubectl has kustomize ${version ?? '?'}, needed is 5`;
}

export interface Rendered {
  manifests: Manifest[];
  /** All that kustomize has to say beside them. */
  warnings: string;
}

/** The manifests are as yet unchecked: their types are what the schemas promise. */
export function renderKustomization(folder: string): Rendered {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  return { manifests, warnings: stderr };
}
