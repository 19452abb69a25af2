/** A unit file as systemd.syntax(7) has it: section -> key -> values in order; an empty value resets the list. */
export type UnitFile = Map<string, Map<string, string[]>>;

export function parseUnitFile(text: string): UnitFile {
  const sections: UnitFile = new Map();
  let current = new Map<string, string[]>();
  for (const line of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
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

/** What the embedded runner honours of a service unit. Times are milliseconds. */
export interface ServiceRules {
  argv: string[];
  environment: Record<string, string>;
  restart: string;
  restartMs: number;
  preventStatus: number[];
  startLimit: { intervalMs: number; burst: number };
  timeoutStopMs: number;
}

export function serviceRules(file: UnitFile): ServiceRules {
  const last = (section: string, key: string) => file.get(section)?.get(key)?.at(-1);
  const words = (text: string) => [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '');
  const environment = (file.get('Service')?.get('Environment') ?? []).flatMap(words);
  return {
    argv: words(last('Service', 'ExecStart') ?? ''),
    environment: Object.fromEntries(
      environment.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    restart: last('Service', 'Restart') ?? 'no',
    restartMs: timeSpanMs(last('Service', 'RestartSec') ?? '100ms'),
    preventStatus: words(last('Service', 'RestartPreventExitStatus') ?? '').map(Number),
    startLimit: {
      intervalMs: timeSpanMs(last('Unit', 'StartLimitIntervalSec') ?? '10s'),
      burst: Number(last('Unit', 'StartLimitBurst') ?? 5),
    },
    timeoutStopMs: timeSpanMs(last('Service', 'TimeoutStopSec') ?? '90s'),
  };
}

const SPANS: [RegExp, number][] = [
  [/^(us|usec|µs)$/, 0.001],
  [/^(ms|msec)$/, 1],
  [/^(|s|sec|seconds?)$/, 1000],
  [/^(m|min|minutes?)$/, 60_000],
  [/^(h|hr|hours?)$/, 3_600_000],
  [/^(d|days?)$/, 86_400_000],
];

/** A systemd.time(7) span, `5`, `1min 30s`, `250ms`, in milliseconds. */
export function timeSpanMs(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  let total = 0;
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]*)/g))
    total += Number(number) * (SPANS.find(([name]) => name.test(unit))?.[1] ?? 1000);
  return total;
}

const INSTALLED = '/opt/hybrid-soak/current';

/** The unit's command line for this checkout: the install prefix becomes `root`, `--config` the soak's own. */
export function localCommand(argv: string[], root: string, config: string, extra: string[]): string[] {
  const local = argv.map((word) => word.replaceAll(INSTALLED, root));
  const at = local.indexOf('--config');
  if (at >= 0) local[at + 1] = config;
  return [...local, ...extra];
}
