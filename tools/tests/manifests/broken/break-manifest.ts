import { titleOf, type Manifest } from '../manifest';

export type Break = (manifests: Manifest[]) => void;

/**
 * Sets what is at a path of one manifest, named by its title; undefined takes it away. ConfigMaps are named without
 * their hash; a dot within a key is written `~`. Throws when the path leads nowhere: what is not broken tests nothing.
 */
export function set(title: string, path: string, value: unknown): Break {
  return (manifests) => {
    const keys = path.split('.').map((key) => key.replaceAll('~', '.'));
    const last = keys.pop() ?? '';
    let parent: unknown = manifests[indexOf(title, manifests)];
    for (const key of keys) parent = Reflect.get(Object(parent), key);
    if (typeof parent !== 'object' || parent === null) throw new Error(`${title} has no ${path}`);
    if (value !== undefined) Reflect.set(parent, last, value);
    else if (!(last in parent)) throw new Error(`${title} has no ${path}`);
    else if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else Reflect.deleteProperty(parent, last);
  };
}

export function remove(title: string): Break {
  return (manifests) => void manifests.splice(indexOf(title, manifests), 1);
}

export function add(manifest: Manifest): Break {
  return (manifests) => void manifests.push(manifest);
}

function indexOf(title: string, manifests: Manifest[]): number {
  const index = manifests.findIndex((manifest) => {
    const name = titleOf(manifest);
    return (manifest.kind === 'ConfigMap' ? name.replace(/-[a-z0-9]{10}$/, '') : name) === title;
  });
  if (index < 0) throw new Error(`there is no ${title}`);
  return index;
}
