/** Which members JSON documents have: the shape of a view, without its values. */

/**
 * Sorted paths of all members of all the documents: "State.Pid", "Mounts[].Type". Below a member that `isMap` names stand
 * keys that are data (labels, ports): they are not told.
 */
export function keyPaths(documents: readonly unknown[], isMap: (path: string) => boolean): string[] {
  const found = new Set<string>();
  for (const document of documents) collect(document, '');
  return [...found].toSorted();

  function collect(value: unknown, path: string): void {
    if (Array.isArray(value)) {
      for (const item of value) collect(item, `${path}[]`);
    } else if (typeof value === 'object' && value !== null && !isMap(path)) {
      for (const [key, member] of Object.entries(value)) {
        const below = path === '' || path === '[]' ? key : `${path}.${key}`;
        found.add(below);
        collect(member, below);
      }
    }
  }
}

/** The views that are compared, and what in them is a map. */
export const views = ['container inspect', 'image inspect', 'ps', 'images', 'info', 'version'] as const;
export type View = (typeof views)[number];

const maps: ReadonlySet<string> = new Set([
  'Config.Labels', 'Config.Annotations', 'Config.Volumes', 'Config.ExposedPorts', 'HostConfig.Annotations', 'HostConfig.PortBindings', 'HostConfig.Tmpfs', 'HostConfig.LogConfig.Config', 'NetworkSettings.Ports',
  'NetworkSettings.Networks', 'GraphDriver.Data', 'Labels', 'Annotations', 'store.graphStatus', 'store.graphOptions', 'registries',
]);

export function isMapOfView(path: string): boolean {
  return maps.has(path);
}

/**
 * What makes the members show that are left out while they are empty. `engine` is the command line up to the verb; both
 * engines take it. Gives the documents of each view.
 */
export function collectViews(run: (args: readonly string[]) => string, image: string): Record<View, unknown[]> {
  const rich = ['--label', 'a=b', '--annotation', 'c=d', '-v', '/tmp:/mnt', '-v', 'vol:/data', '--tmpfs', '/t', '-p', '127.0.0.1:48080:80', '--ulimit', 'core=0', '--tz', 'UTC', '--hostname', 'h'];
  run(['create', '--name', 'plain', '--network', 'none', image, 'true']);
  run(['create', '--name', 'rich', ...rich, image, 'true']);
  run(['run', '-d', '--name', 'up', '--network', 'none', image, 'sleep', '100000']);
  const json = (...args: string[]): unknown[] => {
    const value: unknown = JSON.parse(run(args));
    return Array.isArray(value) ? value : [value];
  };
  return {
    'container inspect': json('container', 'inspect', 'plain', 'rich', 'up'),
    'image inspect': json('image', 'inspect', image),
    ps: [...json('ps', '-a', '--format', 'json'), ...json('ps', '-a', '--size', '--format', 'json')],
    images: json('images', '--format', 'json'),
    info: json('info', '--format', 'json'),
    version: json('version', '--format', 'json'),
  };
}
