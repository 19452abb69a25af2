import { flushCompileCache } from 'node:module';
import { COMPLETIONS, type Completable, completionHelp, completionText } from '@hybrid-soak/contract/completion.ts';
import { configWarnings } from '@hybrid-soak/contract/earlier-system.ts';
import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import { INGEST_MODES, ingestMode } from '@hybrid-soak/contract/modes.ts';
import { printable, printableLines } from '@hybrid-soak/contract/printable.ts';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { emptyArgument, helpAsFlag, usageError } from '@hybrid-soak/contract/usage-error.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { Argument, Command, Option } from 'commander';
import type { ConfigFlags } from './config/files.ts';
import { fromHere, type Loaded, load } from './config/loaded.ts';
import { lastsOf } from './core/lasts.ts';
import { leaveRoot } from './process/become.ts';
import { exitNow, within } from './process/exit.ts';
import { type Log, openLog } from './process/log.ts';
import { openNotifier } from './process/notify.ts';
import { keepHeapsSmall } from './process/small-heap.ts';
import { exitOfFailure } from './run/failure.ts';
import { runEngine } from './run.ts';

/** The last log lines are given this long to be read. */
const LAST_LINES_MS = 1000;

export const program = new Command('hybrid-engine')
  .description('Ingests market data, samples it, runs a strategy, records shadow orders (never a real one) in SQLite.')
  .version(VERSION)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .configureOutput({
    outputError(text, write) {
      const called = program.commands.find((command) => command.name() === process.argv[2]);
      write(printableLines(usageError('hybrid-engine', text, called)));
    },
  })
  .addHelpText(
    'after',
    '\nExample:\n  hybrid-engine run --config config/config.toml\n\nExit codes: 0 clean stop, 1 bug, 10 network, 11 parse, 12 configuration, 13 overload.',
  );

const withConfig = (command: Command) =>
  command
    .option('--config <file>', 'the configuration', 'config/config.toml')
    .option('--sources <file>', 'the sources of mode realws (default: ws_sources.toml beside the configuration)');

/** Takes the earlier system's spelling too. */
function modeOption(): Option {
  const option = new Option('--mode <mode>', 'instead of [engine] ingest_mode').choices(INGEST_MODES);
  const { parseArg } = option;
  return option.argParser((text, before) => parseArg?.(ingestMode(text) ?? text, before));
}

withConfig(program.command('run').description('run until SIGTERM or SIGINT'))
  .addHelpText('after', '\nExample:\n  hybrid-engine run --config config/config.toml')
  .addOption(modeOption())
  .option('--recover', 'move a corrupt database aside and start a new one')
  .action(async (flags: ConfigFlags) => {
    await run(flags);
  });

withConfig(program.command('check-config').description('print each fault with its line and what would be valid'))
  .addHelpText('after', '\nExample:\n  hybrid-engine check-config --config config/config.toml')
  .action(async (flags: ConfigFlags) => {
    const { config } = await loaded(flags);
    for (const warning of configWarnings(config)) process.stderr.write(`${warning}\n`);
    process.stdout.write(`${printable(flags.config)}: valid\n`);
  });

program
  .command('schema')
  .description("print the database's schema")
  .addHelpText('after', '\nExample:\n  hybrid-engine schema | sqlite3 empty.db')
  .action(() => {
    process.stdout.write(Object.values(MIGRATIONS).join('\n'));
  });

// What an installer runs once: all that a start needs is compiled, and kept in NODE_COMPILE_CACHE.
program
  .command('warm-cache', { hidden: true })
  .addOption(new Option('--feed <program>', 'of the local exchange').hideHelp())
  .action(async (flags: { feed?: string }) => {
    const { temporaryConfig } = await import('./config/temporary.ts');
    const { path, remove } = await temporaryConfig(flags.feed);
    await run({ config: path }, remove);
  });

withConfig(
  program.command('backup <file>').description('a consistent, checked copy of the database, also of a running engine'),
)
  .addHelpText('after', '\nExample:\n  hybrid-engine backup /var/backups/bot.db --config config/config.toml')
  .action(backup);

const { about, argument, examples } = completionHelp('hybrid-engine');
program
  .command('completion')
  .description(about)
  .addArgument(new Argument('<shell>', argument).choices(COMPLETIONS))
  .addHelpText('after', examples)
  .action((shell: Completable) => {
    process.stdout.write(completionText(program, shell));
  });

/** What the command line asks for. */
export async function main(): Promise<void> {
  // `head` may have read what it wanted.
  process.stdout.on('error', ({ code }: { code?: string }) => process.exit(code === 'EPIPE' ? 0 : ENGINE_EXIT.CRASH));
  process.argv.splice(2, 2, ...helpAsFlag(process.argv.slice(2, 4), program));
  const empty = emptyArgument(process.argv.slice(2));
  if (empty !== null) program.error(empty, { exitCode: 2 });
  await program.parseAsync().catch((error: Error) => {
    if (lastsOf(error) !== 'now') throw error;
    process.stderr.write(`${printable(`the system refuses for now: ${error.message}`)}\n`);
    process.exit(ENGINE_EXIT.OVERLOAD);
  });
}

/** The configuration; else the process ends: with each fault on a line and 12, or with 13 if it cannot be read for now. */
async function loaded(flags: ConfigFlags): Promise<Loaded> {
  obeyNobody(flags.config, flags.sources);
  const read = await load(flags).catch((error: Error) => error);
  if (read instanceof Error) {
    if (lastsOf(read) !== 'now') throw read;
    const problem = `${flags.config}: cannot be read now (${read.message}); valid: a readable TOML file`;
    process.stderr.write(`${printable(problem)}\n`);
    process.exit(ENGINE_EXIT.OVERLOAD);
  }
  if (read.ok) return read.value;
  for (const fault of read.faults) process.stderr.write(`${formatFault(fault)}\n`);
  process.exit(ENGINE_EXIT.CONFIG);
}

/** Root goes on as the engine's account, or the process ends, if another account could replace one of the files. */
function obeyNobody(...files: (string | undefined)[]): void {
  const why = leaveRoot(files.filter((file) => file !== undefined));
  if (why === null) return;
  process.stderr.write(`${printable(why)}\n`);
  process.exit(ENGINE_EXIT.CONFIG);
}

/** The engine's account is taken before the configuration is read. */
async function backup(file: string, flags: ConfigFlags): Promise<void> {
  const { backupTo, targetOf } = await import('./run/backup.ts');
  const target = targetOf(file);
  const { config } = await loaded(flags);
  const database = fromHere(config.app.db_path);
  obeyNobody(database, 'path' in target.opened ? file : undefined);
  process.exitCode = await backupTo(target, database);
}

/** Runs the engine to its end; `before` is called right before the process ends. */
async function run(flags: ConfigFlags, before = () => {}): Promise<never> {
  const engine = await loaded(flags);
  const { config } = engine;
  obeyNobody(fromHere(config.app.db_path), config.metrics.textfile);
  const log = openLog(config.engine.log_level, process.env);
  const leave = async (code: number): Promise<never> => {
    const written = within(LAST_LINES_MS, log.written());
    // Node does it in process.exit. Only then does the next start find its modules compiled; a failing disk is not waited for.
    if (code === ENGINE_EXIT.COMPLETE) {
      keepHeapsSmall(false);
      flushCompileCache();
    }
    await written;
    before();
    return exitNow(code);
  };
  process.on('uncaughtException', (error) => {
    void leave(sayWhy(error, exitOfFailure(error), log));
  });
  for (const warning of configWarnings(config)) log.warn(warning);
  try {
    return await leave(await runEngine(engine, log, () => openNotifier(process.env)));
  } catch (error) {
    return leave(sayWhy(error, exitOfFailure(error), log));
  }
}

/** Says why the engine could not start or crashed; the exit code. */
function sayWhy(error: unknown, code: number, log: Log): number {
  if (code === ENGINE_EXIT.CONFIG) process.stderr.write(`${printable(`app.db_path: ${(error as Error).message}`)}\n`);
  else if (code === ENGINE_EXIT.OVERLOAD)
    log.error(
      { err: error },
      (error as Error).name === 'DatabaseUnavailable'
        ? 'the database cannot be opened now'
        : 'the system refuses for now',
    );
  else log.fatal({ err: error }, 'crash');
  return code;
}
