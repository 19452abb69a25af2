import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { SHELLS, type Shell } from '@hybrid-soak/contract/completion-script.ts';
import { isRelease } from '../adapters/root.ts';
import { currentLink, type Layout, unitFiles } from './layout.ts';

/** What an installation consists of, in order. Each is made only if it is missing or different. */
export type Step =
  /** Accounts of the sysusers.d file at that path. */
  | { do: 'accounts'; at: string; text: string }
  /** Folders of the tmpfiles.d file at that path. */
  | { do: 'state'; at: string; text: string }
  /** A file below the state folder; never replaced, removed only as it was made. */
  | { do: 'seed'; path: string; text: string }
  | { do: 'adopt'; state: string }
  | { do: 'folder'; path: string; mode: number }
  | { do: 'release'; from: string; to: string; digest: string }
  | { do: 'link'; path: string; target: string }
  | { do: 'prune'; current: string }
  /** Fills the units' code caches, if the release at `release` is new. */
  | { do: 'warm'; release: string; state: string }
  /** `keep`: never replaced, removed only as it was made. */
  | { do: 'file'; path: string; text: string; mode: number; keep: boolean }
  /** `after`: only if one of the files under this folder has changed. */
  | { do: 'run'; command: string[]; after: string };

export type StepOf<K extends Step['do']> = Extract<Step, { do: K }>;

const folder = (path: string, mode = 0o755): Step => ({ do: 'folder', path, mode });
const file = (path: string, text: string): Step => ({ do: 'file', path, text, mode: 0o644, keep: false });

export interface Wanted {
  root: string;
  version: string;
  /** A folder that `current` points at, instead of a copied release. */
  link: string | null;
  /** Completions of the program at that path. */
  askCompletions(program: string): Record<Shell, string>;
}

export function installSteps(layout: Layout, { root, version, link, askCompletions }: Wanted): Step[] {
  const { home, units, commands, scope, system } = layout;
  const systemctl = scope === 'user' ? ['systemctl', '--user'] : ['systemctl'];
  const files = Object.entries(unitFiles(layout, root));
  return [
    // First: the manifest is in it.
    folder(home),
    ...releaseSteps(layout, root, version, link),
    folder(commands),
    ...programs(link ?? root).map((program): Step => {
      const path = join(commands, basename(program));
      return { do: 'link', path, target: relative(commands, join(currentLink(layout), program)) };
    }),
    ...forReaders(layout, link ?? root, askCompletions),
    ...(system === null ? ownState(layout, root) : declaredState(layout.state, system, root)),
    folder(units),
    ...[...new Set(files.map(([name]) => dirname(join(units, name))))]
      .filter((path) => path !== units)
      .map((path) => folder(path)),
    ...files.map(([name, text]) => file(join(units, name), text)),
    { do: 'run', command: [...systemctl, 'daemon-reload'], after: units },
    ...(system === null || link !== null
      ? []
      : [{ do: 'warm', release: currentLink(layout), state: layout.state } as const]),
    { do: 'prune', current: currentLink(layout) },
  ];
}

/** Manual pages and completions of the programs that are installed. */
function forReaders({ pages, completions }: Layout, root: string, askCompletions: Wanted['askCompletions']): Step[] {
  const placed = programs(root).flatMap((program) => {
    const name = basename(program);
    const page = join(root, 'ops/man', `${name}.1`);
    const texts = askCompletions(join(root, program));
    return [
      ...(existsSync(page) ? [[join(pages, `${name}.1`), readFileSync(page, 'utf8')] as const] : []),
      ...SHELLS.map((shell) => [completions[shell](name), texts[shell]] as const),
    ];
  });
  const folders = [...new Set(placed.map(([path]) => dirname(path)))];
  return [...folders.map((path) => folder(path)), ...placed.map(([path, text]) => file(path, text))];
}

/** Where the programs are below a release, or a checkout. */
const programs = (root: string): string[] =>
  isRelease(root)
    ? ['bin/soak', 'bin/hybrid-engine', 'bin/hybrid-feed', 'bin/hybrid-fleet']
    : ['supervisor/bin/soak', 'engine/bin/hybrid-engine', 'feed/bin/hybrid-feed', 'fleet/bin/hybrid-fleet'].map(
        (name) => join('packages', name),
      );

/** Releases differ by content: an upgrade never writes into a tree that runs. */
function releaseSteps(layout: Layout, root: string, version: string, link: string | null): Step[] {
  const current = (target: string): Step => ({ do: 'link', path: currentLink(layout), target });
  if (link !== null) return [current(link)];
  const releases = join(layout.home, 'releases');
  const from = realpathSync(root);
  if (dirname(from) === releases) return [current(from)];
  // It covers every file, so that two releases of one version differ by it.
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'SHA256SUMS')))
    .digest('hex');
  const to = join(releases, `${version}-${digest.slice(0, 8)}`);
  return [folder(releases), { do: 'release', from: root, to, digest }, current(to)];
}

const CONFIGS = ['config.toml', 'ws_sources.toml'];

/** A user's own folders: one account writes them all. */
function ownState({ state }: Layout, root: string): Step[] {
  return [
    ...['', 'config', 'data', 'data/ops'].map((name) => folder(join(state, name), 0o750)),
    ...CONFIGS.map((name): Step => {
      const text = readFileSync(join(root, 'config', name), 'utf8');
      return { do: 'file', path: join(state, 'config', name), text, mode: 0o640, keep: true };
    }),
  ];
}

function declaredState(state: string, system: NonNullable<Layout['system']>, root: string): Step[] {
  const shipped = (name: string) => readFileSync(join(root, 'ops', name), 'utf8');
  const [sysusers, tmpfiles] = [shipped('sysusers/hybrid-soak.conf'), shipped('tmpfiles/hybrid-soak.conf')];
  const placed = (path: string, text: string) => [folder(dirname(path)), file(path, text)];
  return [
    ...placed(system.sysusers, sysusers),
    { do: 'accounts', at: system.sysusers, text: sysusers },
    ...placed(system.tmpfiles, tmpfiles),
    { do: 'state', at: system.tmpfiles, text: tmpfiles },
    { do: 'adopt', state },
    ...CONFIGS.map((name): Step => {
      const text = readFileSync(join(root, 'config', name), 'utf8');
      return { do: 'seed', path: join(state, 'config', name), text };
    }),
    ...placed(system.rules, shipped('polkit/50-hybrid-soak.rules')),
    ...placed(system.logrotate, shipped('logrotate/hybrid-soak')),
  ];
}
