import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { currentLink, type Layout, unitFiles } from './layout.ts';

/** What an installation consists of, in order. Each is made only where it is not so already. */
export type Step =
  | { do: 'account'; name: string; home: string }
  /** `own`: it belongs to the engine's account. */
  | { do: 'folder'; path: string; mode: number; own: boolean }
  | { do: 'release'; from: string; to: string; digest: string }
  | { do: 'link'; path: string; target: string }
  /** `keep`: made where there is none, never replaced; removed only as it was made. */
  | { do: 'file'; path: string; text: string; mode: number; keep: boolean; own: boolean }
  /** `after`: only where one of the files under this folder has changed. */
  | { do: 'run'; command: string[]; after: string };

/** `link`: a folder that `current` points at, instead of a copied release. */
export function installSteps(layout: Layout, root: string, version: string, link: string | null): Step[] {
  const { home, state, units, commands, account, rules, scope } = layout;
  const folder = (path: string, mode = 0o755, own = false): Step => ({ do: 'folder', path, mode, own });
  const file = (path: string, text: string): Step => ({ do: 'file', path, text, mode: 0o644, keep: false, own: false });
  const release = join(home, 'releases', version);
  const installed = link === null && realpathSync(root) === release;
  const target = link ?? release;
  const files = Object.entries(unitFiles(layout, root));
  const systemctl = scope === 'user' ? ['systemctl', '--user'] : ['systemctl'];
  return [
    // First: the manifest stands in it.
    folder(home),
    ...(account === null ? [] : [{ do: 'account', name: account, home: state } as const]),
    ...(link === null ? [folder(dirname(release))] : []),
    ...(link === null && !installed
      ? [{ do: 'release', from: root, to: release, digest: digestOf(root) } as const]
      : []),
    { do: 'link', path: currentLink(layout), target },
    folder(commands),
    ...['supervisor/bin/soak', 'engine/bin/hybrid-engine'].map((program): Step => {
      const path = join(commands, basename(program));
      return { do: 'link', path, target: relative(commands, join(currentLink(layout), 'packages', program)) };
    }),
    ...['', 'config', 'data', 'data/ops'].map((name) => folder(join(state, name), 0o750, true)),
    ...['config.toml', 'ws_sources.toml'].map(
      (name): Step => ({
        do: 'file',
        path: join(state, 'config', name),
        text: readFileSync(join(root, 'config', name), 'utf8'),
        mode: 0o644,
        keep: true,
        own: true,
      }),
    ),
    folder(units),
    ...[...new Set(files.map(([name]) => dirname(join(units, name))))]
      .filter((path) => path !== units)
      .map((path) => folder(path)),
    ...files.map(([name, text]) => file(join(units, name), text)),
    ...(rules === null
      ? []
      : [
          folder(rules),
          file(
            join(rules, '50-hybrid-soak.rules'),
            readFileSync(join(root, 'ops/polkit/50-hybrid-soak.rules'), 'utf8'),
          ),
        ]),
    { do: 'run', command: [...systemctl, 'daemon-reload'], after: units },
  ];
}

/** What is copied into a release. */
export const RELEASED = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'config',
  'ops',
  'packages',
  'node_modules',
];

/** One digest over what is released; the lockfile stands for node_modules. */
export function digestOf(root: string): string {
  const hash = createHash('sha256');
  for (const name of RELEASED.filter((released) => released !== 'node_modules'))
    for (const path of filesUnder(root, name)) hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function filesUnder(root: string, name: string): string[] {
  if (!name.match(/^[a-z]+$/)) return [name];
  return readdirSync(join(root, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
