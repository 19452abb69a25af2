import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Shell } from '@hybrid-soak/contract/completion-script.ts';
import { localCommand, onThisMachine } from '../unit/unit-file.ts';
import { userUnitText } from '../unit/user-unit.ts';

export type Scope = 'system' | 'user';
export const ENGINE = 'hybrid-engine.service';
/** The supervisor's account in a system installation; the engine's is hybrid-engine. */
export const SUPERVISOR = 'hybrid-soak';

/** Where an installation has its things. */
export interface Layout {
  scope: Scope;
  /** Releases, the `current` link, the manifest, backups. */
  home: string;
  /** Configuration and data. */
  state: string;
  units: string;
  /** Where `soak` and `hybrid-engine` are found by name. */
  commands: string;
  /** Manual pages, section 1. */
  pages: string;
  /** Where each shell looks for the completion of a program. */
  completions: Record<Shell, (program: string) => string>;
  /** What only the whole system has; null in a user's installation. */
  system: {
    /** Declarations of accounts and folders, which systemd-sysusers(8) and systemd-tmpfiles(8) carry out. */
    sysusers: string;
    tmpfiles: string;
    /** Where polkit(8) reads rules. */
    rules: string;
    logrotate: string;
  } | null;
  /** What the units' own CacheDirectory= leaves. */
  caches: string[];
  /** There while the manager that would read the units runs (sd_booted(3)). */
  managerAt: string;
}

export function layoutOf(scope: Scope): Layout {
  if (scope === 'system')
    return {
      scope,
      home: '/opt/hybrid-soak',
      state: '/var/lib/hybrid-soak',
      units: '/etc/systemd/system',
      commands: '/usr/local/bin',
      ...shared('/usr/local/share', '/etc/fish/completions'),
      system: {
        sysusers: '/etc/sysusers.d/hybrid-soak.conf',
        tmpfiles: '/etc/tmpfiles.d/hybrid-soak.conf',
        rules: '/etc/polkit-1/rules.d/50-hybrid-soak.rules',
        logrotate: '/etc/logrotate.d/hybrid-soak',
      },
      caches: ['/var/cache/hybrid-soak', '/var/cache/hybrid-soak-supervisor'],
      managerAt: '/run/systemd/system',
    };
  // The folders of the XDG Base Directory Specification.
  const xdg = (name: string, fallback: string) => process.env[name] ?? join(homedir(), fallback);
  const data = xdg('XDG_DATA_HOME', '.local/share');
  return {
    scope,
    home: join(data, 'hybrid-soak'),
    state: join(xdg('XDG_STATE_HOME', '.local/state'), 'hybrid-soak'),
    units: join(xdg('XDG_CONFIG_HOME', '.config'), 'systemd/user'),
    commands: join(homedir(), '.local/bin'),
    ...shared(data, join(data, 'fish/vendor_completions.d')),
    system: null,
    caches: [],
    managerAt: join(process.env['XDG_RUNTIME_DIR'] ?? '/nonexistent', 'systemd/private'),
  };
}

/** As man(1), bash-completion and zsh look for them below a folder of XDG_DATA_DIRS or XDG_DATA_HOME; fish has none in /usr/local. */
const shared = (data: string, fish: string) => ({
  pages: join(data, 'man/man1'),
  completions: {
    bash: (program: string) => join(data, 'bash-completion/completions', program),
    zsh: (program: string) => join(data, 'zsh/site-functions', `_${program}`),
    fish: (program: string) => join(fish, `${program}.fish`),
  },
});

export const manifestPath = ({ home }: Layout): string => join(home, 'install.json');
export const currentLink = ({ home }: Layout): string => join(home, 'current');

/** The supervisor's units. */
export const SOAK_UNITS = ['soak.service', 'soak@.service', 'soak-restore.service'];
/** Units of hosts that are part of a fleet; neither is enabled by an installation. */
export const FLEET_UNITS = ['hybrid-fleet.service', 'hybrid-fleet-control.service'];

/** The units' files by name, as this scope and this machine's architecture need them. `root`: where `ops/` is. */
export function unitFiles(layout: Layout, root: string): Record<string, string> {
  const shipped = (name: string) => onThisMachine(readFileSync(join(root, 'ops/systemd', name), 'utf8'));
  const engine = shipped(ENGINE);
  if (layout.scope === 'user') {
    const command = (argv: string[]) => localCommand(argv, currentLink(layout), 'config/config.toml', []);
    const text = userUnitText(engine, command, layout.state);
    return {
      'hybrid.slice': shipped('hybrid.slice'),
      [ENGINE]: `${text}Slice=hybrid.slice\n\n[Install]\nWantedBy=default.target\n`,
    };
  }
  const names = ['hybrid.slice', ENGINE, ...SOAK_UNITS, ...FLEET_UNITS];
  return Object.fromEntries(names.map((name) => [name, shipped(name)]));
}
