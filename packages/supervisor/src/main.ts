import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printableLines } from '@hybrid-soak/contract/printable.ts';
import { emptyArgument, usageError } from '@hybrid-soak/contract/usage-error.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import type { Command, CommanderError } from 'commander';
import { outliveReaders, Stop } from './stop.ts';

/** The subcommands: each loads its own code, so that none pays for another's start-up. */
const COMMANDS: Record<string, { summary: string; load(): Promise<Command> }> = {
  run: { summary: 'run a soak', load: async () => (await import('./commands/run.ts')).runCommand() },
  status: { summary: 'what is running now', load: async () => (await import('./commands/status.ts')).statusCommand() },
  completion: {
    summary: 'completion for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand(wholeProgram),
  },
  replay: {
    summary: 'what a policy would have decided over a recorded run',
    load: async () => (await import('./commands/replay.ts')).replayCommand(),
  },
  compare: {
    summary: 'two runs next to each other',
    load: async () => (await import('./commands/compare.ts')).compareCommand(),
  },
  tail: { summary: 'the decisions, readable', load: async () => (await import('./commands/tail.ts')).tailCommand() },
  explain: {
    summary: 'what an action, a code or an exit code means',
    load: async () => (await import('./commands/explain.ts')).explainCommand(),
  },
  runs: {
    summary: 'the runs of a decision log',
    load: async () => (await import('./commands/runs.ts')).runsCommand(),
  },
  report: {
    summary: 'a run as one HTML file',
    load: async () => (await import('./commands/report.ts')).reportCommand(),
  },
  dashboard: {
    summary: 'a live page of the engine and the soak',
    load: async () => (await import('./commands/dashboard.ts')).dashboardCommand(),
  },
  prove: {
    summary: 'prove every claim on the running unit',
    load: async () => (await import('./commands/prove.ts')).proveCommand(),
  },
  doctor: {
    summary: 'what is wrong with the installation, and what to do',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  install: {
    summary: 'install the units',
    load: async () => (await import('./commands/install.ts')).installCommand(),
  },
  uninstall: {
    summary: 'take away what install made',
    load: async () => (await import('./commands/install.ts')).uninstallCommand(),
  },
  restore: {
    summary: 'restore what an interrupted soak left',
    load: async () => (await import('./commands/restore.ts')).restoreCommand(),
  },
};

/** They parse records by the thousand, which compiled schemas do faster. */
const READ_MANY = ['replay', 'compare', 'report', 'tail', 'runs', 'dashboard'];

const bareProgram = async () =>
  new (await import('commander')).Command('soak')
    .description(
      'Watches the engine and the host, throttles and restarts as the policy says, writes down every decision.',
    )
    .version(VERSION)
    .addHelpText(
      'after',
      '\nExample:\n  soak run --duration 2h\n\nsoak COMMAND --help has the options and examples of each.',
    )
    .exitOverride()
    .configureOutput(outputOf());

/** How the errors of a command's line are written. */
const outputOf = (command?: Command) => ({
  outputError: (text: string, write: (text: string) => void) =>
    write(printableLines(usageError('soak', text, command))),
});

/** With every subcommand loaded: for what describes them all. */
export async function wholeProgram(): Promise<Command> {
  const program = await bareProgram();
  for (const { load } of Object.values(COMMANDS)) program.addCommand(await load());
  return program;
}

/** Runs what the command line says. `name`: its first word. */
async function byCommander(name: string): Promise<void> {
  outliveReaders();
  const program = await bareProgram();
  const wanted = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (wanted !== undefined) {
    const command = await wanted.load();
    program.addCommand(
      command
        .hook('preAction', (_, action) => become(action.name(), action.opts()))
        .exitOverride()
        .configureOutput(outputOf(command)),
    );
  } else for (const [name, { summary }] of Object.entries(COMMANDS)) program.command(name).description(summary);
  const empty = emptyArgument(process.argv.slice(2));
  if (empty !== null) throw new Stop(SOAK_EXIT.USAGE, empty);
  await program.parseAsync();
}

async function plainStatus(words: readonly string[]): Promise<boolean> {
  const { plainFlags, showStatus } = await import('./commands/status/show.ts');
  const flags = plainFlags(words);
  if (flags === null) return false;
  await become('status', {});
  await showStatus(flags);
  return true;
}

const become = async (name: string, flags: object) => (await import('./commands/account/run-as.ts')).runAs(name, flags);

// Scripts ask for it: nothing is loaded for it.
if (import.meta.main && process.argv.length === 3 && process.argv[2] === '--version')
  process.stdout.write(`${VERSION}\n`);
else if (import.meta.main) {
  // Tools are found where distributions put them, whatever the PATH of a cron job is.
  process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  // `soak help run` is `soak run --help`.
  const [, , first = '', second] = process.argv;
  const isKnown = second !== undefined && Object.hasOwn(COMMANDS, second);
  if (first === 'help' && second !== undefined) process.argv.splice(2, 2, second, ...(isKnown ? ['--help'] : []));
  const [, , name = '', ...words] = process.argv;
  // Read when zod loads (https://zod.dev/api): compiling a schema takes longer than parsing a few records without.
  if (!READ_MANY.includes(name)) Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
  try {
    if (name !== 'status' || !(await plainStatus(words))) await byCommander(name);
  } catch (error) {
    outliveReaders();
    process.exitCode = exitCodeOf(error);
  }
}

/** Its errors have codes of their own (`commander.unknownOption`). */
function isOfCommander(error: unknown): error is CommanderError {
  return errorCode(error)?.startsWith('commander.') === true;
}

function exitCodeOf(error: unknown): number {
  if (isOfCommander(error)) return error.exitCode === 0 ? SOAK_EXIT.PASS : SOAK_EXIT.USAGE;
  if (error instanceof Stop) {
    process.stderr.write(`${printableLines(error.message)}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${printableLines((error as Error).stack ?? String(error))}\n`);
  return SOAK_EXIT.BUG;
}
