import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { Command, Option } from 'commander';
import { isRelease, ROOT } from '../adapters/root.ts';
import { askCompletions } from '../install/completions.ts';
import { refuseDuringSoak } from '../install/going.ts';
import { install } from '../install/install.ts';
import { ENGINE, layoutOf } from '../install/layout.ts';
import type { Way } from '../install/making.ts';
import { installSteps } from '../install/steps.ts';
import { uninstall } from '../install/uninstall.ts';
import { warmCaches } from '../install/warm.ts';
import { Stop } from '../stop.ts';

interface Flags {
  user?: boolean;
  dryRun?: boolean;
  link?: string;
  warm?: boolean;
}

const withScope = (command: Command) =>
  command
    .option('--user', "for this user's own systemd, instead of the system's")
    .option('--dry-run', 'print every file and command, change nothing');

export function installCommand(): Command {
  return (
    withScope(new Command('install'))
      .description('install accounts, folders, release, units and polkit rule; non-interactive and idempotent')
      // For tests and the sandbox machine: what is installed is the checkout itself.
      .addOption(
        new Option('--link <folder>', 'point `current` at this checkout instead of copying a release').hideHelp(),
      )
      // For a package, which brings the files itself.
      .addOption(new Option('--warm', 'only fill the code caches of the installed units').hideHelp())
      .addHelpText(
        'after',
        '\nExamples:\n  sudo soak install --dry-run\n  soak install --user\n\nA file that is replaced is kept, and restored by `soak uninstall`. An existing configuration and database are never changed.\n' +
          'Exit codes: 0, 2 usage, 12 something stands in the way, 20 a command failed.',
      )
      .action(async (flags: Flags) => {
        const way = wayOf(flags);
        if (flags.warm) return warm(way);
        if (!way.dryRun) refuseDuringSoak('install', way.layout);
        const link = flags.link === undefined ? null : linkTarget(flags.link);
        if (link === null) refuseWithoutRelease();
        const wanted = { root: ROOT, version: way.version, link, askCompletions };
        const changed = install(installSteps(way.layout, wanted), way);
        if (flags.dryRun) return;
        const user = flags.user ? ' --user' : '';
        const next = `systemctl${user} enable --now ${ENGINE}, then soak run (in ${way.layout.state})`;
        process.stdout.write(changed ? `installed ${way.version}: ${next}\n` : `${way.version} is installed already\n`);
      })
  );
}

export function uninstallCommand(): Command {
  return withScope(new Command('uninstall'))
    .description('remove what `soak install` made, restore what it replaced; data and what was edited stay')
    .addHelpText('after', '\nExample:\n  sudo soak uninstall --dry-run')
    .action((flags: Flags) => {
      const way = wayOf(flags);
      if (!way.dryRun) refuseDuringSoak('uninstall', way.layout);
      if (!uninstall(way)) process.stdout.write('nothing is installed\n');
    });
}

function warm({ layout }: Way): void {
  for (const problem of warmCaches(ROOT, layout.state)) process.stderr.write(`${printable(problem)}\n`);
}

/** dpkg's list of the files of the Debian package (dpkg-query(1)). */
const DEBIAN_LIST = '/var/lib/dpkg/info/hybrid-soak.list';

function refuseWithoutRelease(): void {
  if (ROOT === '/usr/lib/hybrid-soak' && existsSync(DEBIAN_LIST))
    throw new Stop(SOAK_EXIT.CONFIG, 'soak install: the Debian package installed it already; valid: apt, dpkg');
  if (isRelease(ROOT)) return;
  const valid = 'npm run build, then install in the folder or the package that it made in data/dist';
  throw new Stop(SOAK_EXIT.CONFIG, `soak install: ${ROOT} is a checkout, not a release; valid: ${valid}`);
}

function linkTarget(folder: string): string {
  const path = resolve(folder);
  if (isRelease(path) || existsSync(join(path, 'packages/supervisor/bin/soak'))) return path;
  throw new Stop(SOAK_EXIT.USAGE, `--link ${folder}: there is no hybrid-soak in it; valid: a checkout or a release`);
}

function wayOf({ user, dryRun }: Flags): Way {
  if (!user && !dryRun && process.getuid?.() !== 0)
    throw new Stop(SOAK_EXIT.USAGE, 'needs root; valid: sudo, or --user');
  // What is made has the modes that are given, whatever the caller's umask.
  process.umask(0o022);
  return {
    layout: layoutOf(user ? 'user' : 'system'),
    version: VERSION,
    dryRun: dryRun === true,
    say: (line) => void process.stdout.write(`${printable(`${dryRun ? 'would: ' : ''}${line}`)}\n`),
  };
}
