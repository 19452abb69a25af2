import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/**
 * Makes cgroups of that name below this process's own, in the hierarchies that systemd uses: the unified one and, on a host with
 * both versions, the named one (cgroups(7)). Without them all machines of one process would share one tree, and each engine's
 * use would be counted with that of its namesakes.
 */
export function makeCgroups(name: string): string[] {
  const folders = ownCgroups(name);
  // A machine that boots again finds those of its last boot, in which the last processes may just be ending.
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return folders;
}

/** Names of the cgroups right below this process's own. */
export const cgroupsHere = (): string[] =>
  ownCgroups('').flatMap((path) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])),
  );

/** Where cgroups of that name are below this process's own. */
export function ownCgroups(name: string): string[] {
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  const unified = existsSync(join(ROOT, 'cgroup.controllers')) ? ROOT : join(ROOT, 'unified');
  const trees = [
    [/^0::(.*)$/m, unified],
    [/^\d+:name=systemd:(.*)$/m, join(ROOT, 'systemd')],
  ] as const;
  return trees.flatMap(([line, root]) => {
    const path = line.exec(own)?.[1];
    return path === undefined || !existsSync(root) ? [] : [join(root, path, name)];
  });
}

/** What its systemd left in them is removed too; the kernel refuses if a process is still in one. */
export function removeCgroups(folders: string[]): void {
  for (const folder of folders) {
    try {
      removeTree(folder);
    } catch {
      // A process that is just ending: an empty cgroup costs nothing.
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}
