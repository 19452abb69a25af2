import { resolve } from 'node:path';
import { COMPLETIONS, type Completable, completionHelp, completionText } from '@hybrid-soak/contract/completion.ts';
import { parseDuration } from '@hybrid-soak/contract/duration.ts';
import { printable, printableLines } from '@hybrid-soak/contract/printable.ts';
import { controlRequestSchema } from '@hybrid-soak/contract/soak-request.ts';
import { emptyArgument, helpAsFlag, usageError } from '@hybrid-soak/contract/usage-error.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { Argument, Command } from 'commander';
import { rootBecomes } from './root-becomes.ts';
import { type CommonFlags, loadSettings } from './settings.ts';
import { Stop } from './stop.ts';

export const program = new Command('hybrid-fleet')
  .description('Several hosts over NATS JetStream: their rows and decisions in one place, each once.')
  .version(VERSION)
  .configureOutput({ outputError: (text, write) => write(printableLines(usageError('hybrid-fleet', text))) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText('after', '\nExample:\n  hybrid-fleet ship --server 127.0.0.1:4222 --host tokyo-1');

const common = (name: string): Command =>
  program
    .command(name)
    .hook('preAction', (_, action) => {
      const { config, ...flags } = action.opts<CommonFlags & Partial<ShipFlags & ArchiveFlags>>();
      const others = [flags.db, flags.decisions, flags.samples, flags.out].filter((file) => file !== undefined);
      rootBecomes(name === 'control' ? 'hybrid-fleet-control' : 'hybrid-fleet', config, others);
    })
    .option('--config <file>', 'its [fleet] table says where the servers are', 'config/config.toml')
    .option('--server <host:port...>', 'instead of [fleet] servers');

const log = (text: string): void => {
  process.stderr.write(`${printableLines(text)}\n`);
};

/** Aborted by SIGTERM and SIGINT. */
function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

interface ShipFlags extends CommonFlags {
  db?: string;
  decisions: string;
  samples: string;
  once?: boolean;
}

common('ship')
  .description("publish what this host's engine and soak have written, until SIGTERM")
  .option('--host <name>', 'instead of [fleet] host')
  .option('--db <file>', "the engine's database (default: [app] db_path)")
  .option('--decisions <file>', 'the decision log', 'data/ops/soak_decisions.jsonl')
  .option('--samples <file>', 'the observations beside it', 'data/ops/soak_samples.jsonl')
  .option('--once', 'end when everything that is there now has been stored')
  .addHelpText('after', '\nExample:\n  hybrid-fleet ship --server nats.example:4222')
  .action(async (flags: ShipFlags) => {
    const settings = loadSettings(flags);
    const { ship } = await import('./ship/ship.ts');
    await ship({
      settings,
      database: resolve(flags.db ?? settings.database),
      decisions: resolve(flags.decisions),
      samples: resolve(flags.samples),
      log,
      signal: untilSignal(),
      once: flags.once === true,
    });
  });

interface MergeFlags extends CommonFlags {
  reorder: number;
  silent: number;
}

/** How the program ends for an error: what only a person can correct, servers that do not answer, or else a bug. */
async function endedBy(error: unknown): Promise<{ text: string; exit: number }> {
  if (error instanceof Stop) return { text: error.message, exit: error.exit };
  const [{ Unreachable }, { refuse }] = await Promise.all([import('./connect.ts'), import('./again.ts')]);
  try {
    refuse(error as Error);
  } catch (refusal) {
    return endedBy(refusal);
  }
  const { name, message, stack } = error as Error;
  const isAway = error instanceof Unreachable || /^(Connection|Timeout|ClosedConnection)Error$/.test(name);
  const text = error instanceof Unreachable ? message : `the servers do not answer (${message})`;
  return { text: isAway ? `${text}; valid: --server HOST:PORT of a NATS server that runs` : String(stack), exit: 1 };
}

function usage(text: string): never {
  process.stderr.write(`${printable(text)}\n`);
  process.exit(2);
}

const seconds =
  (flag: string) =>
  (text: string): number => {
    const value = parseDuration(text);
    if (value !== undefined && value > 0) return value;
    return usage(`${flag} ${text}: valid: 45s, 90m, 2h or plain seconds`);
  };

common('merge')
  .description('put the trades of all hosts into one stream a market, each once and in order, until SIGTERM')
  .option('--reorder <time>', 'at a hole: how long a trade waits for other hosts at least', seconds('--reorder'), 3)
  .option('--silent <time>', 'a host from which nothing came for so long is not waited for', seconds('--silent'), 30)
  .addHelpText('after', '\nExample:\n  hybrid-fleet merge --server nats.example:4222')
  .action(async (flags: MergeFlags) => {
    const settings = loadSettings(flags);
    const [{ mergeSession }, { again }] = await Promise.all([import('./merge/merge.ts'), import('./again.ts')]);
    const signal = untilSignal();
    const waits = { reorderMs: flags.reorder * 1000, silentMs: flags.silent * 1000 };
    await again((pace) => mergeSession({ settings, waits, log, signal, pace }), log, signal);
  });

common('status')
  .description('a table of the hosts that ship: rung, verdict, pressure against its limit, rows a second, lag')
  .option('--watch', 'again every two seconds, until SIGINT')
  .option('--json', 'one line of JSON instead')
  .addHelpText('after', '\nExample:\n  hybrid-fleet status --watch')
  .action(async (flags: CommonFlags & { watch?: boolean; json?: boolean }) => {
    const { status } = await import('./status.ts');
    const how = { watch: flags.watch === true, json: flags.json === true };
    const print = (text: string) => process.stdout.write(`${text}\n`);
    await status(loadSettings(flags), how, { print, log }, untilSignal());
  });

common('control')
  .description(
    'let operators of the fleet start and stop soaks on this host, until SIGTERM; needs [fleet] allow_control',
  )
  .option('--host <name>', 'instead of [fleet] host')
  .addHelpText('after', '\nExample:\n  systemctl enable --now hybrid-fleet-control')
  .action(async (flags: CommonFlags) => {
    const settings = loadSettings(flags);
    const [{ controlSession, mustAllow }, { again }] = await Promise.all([
      import('./control.ts'),
      import('./again.ts'),
    ]);
    mustAllow(settings, flags.config);
    const signal = untilSignal();
    await again(() => controlSession({ settings, log, signal }), log, signal);
  });

interface AskFlags extends CommonFlags {
  all?: boolean;
  duration?: string;
  as?: string;
}

common('soak')
  .description('start or stop a soak on a host, or on all that are alive; exits 1 if one of them did not')
  .addArgument(new Argument('<verb>').choices(['start', 'stop']))
  .option('--host <name>', 'that host alone')
  .option('--all', 'every host in `hybrid-fleet status`')
  .option('--duration <time>', 'of the soak, as soak@… takes it (default: 2h)')
  .option('--as <name>', 'who asks (default: [fleet] user)')
  .addHelpText(
    'after',
    '\nExamples:\n  hybrid-fleet soak start --all --duration 8h\n  hybrid-fleet soak stop --host tokyo-1',
  )
  .action(async (verb: 'start' | 'stop', { host, all, duration, as: operator, ...flags }: AskFlags) => {
    if ((all === true) === (host !== undefined)) usage('soak: on which host? valid: --all, or --host NAME');
    const request = { v: 1, verb, ...(duration === undefined ? {} : { duration }) } as const;
    const settings = loadSettings(flags);
    const { ask } = await import('./ask.ts');
    if (!controlRequestSchema.safeParse(request).success) usage(`--duration ${duration}: valid: 45s, 90m, 8h`);
    const wish = { host: host ?? null, operator: operator ?? settings.user ?? settings.host, request };
    if (!(await ask(settings, wish, (text) => process.stdout.write(`${printableLines(text)}\n`)))) process.exitCode = 1;
  });

interface ArchiveFlags extends CommonFlags {
  out: string;
  messages: string;
  once?: boolean;
}

common('archive')
  .description('write the merged stream as Parquet files by venue, symbol and day, until SIGTERM')
  .requiredOption('--out <folder>', 'continued if it exists')
  .option('--messages <n>', 'messages of the stream in one round of files; keep it the same for a folder', '2000')
  .option('--once', 'end when no whole round is left')
  .addHelpText('after', '\nExample:\n  hybrid-fleet archive --out /srv/trades')
  .action(async ({ out, messages: text, once, ...flags }: ArchiveFlags) => {
    const messages = Number(text);
    if (!Number.isInteger(messages) || messages < 1) usage(`--messages ${text}: valid: a whole number from 1`);
    const settings = loadSettings(flags);
    const [{ archiveSession }, { again }] = await Promise.all([import('./archive.ts'), import('./again.ts')]);
    const signal = untilSignal();
    await again(
      () => archiveSession({ settings, out: resolve(out), messages, once: once === true, log, signal }),
      log,
      signal,
    );
  });

const { about, argument, examples } = completionHelp('hybrid-fleet');
program
  .command('completion')
  .description(about)
  .addArgument(new Argument('<shell>', argument).choices(COMPLETIONS))
  .addHelpText('after', examples)
  .action((shell: Completable) => {
    process.stdout.write(completionText(program, shell));
  });

if (import.meta.main) {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is not an error.
    if (code === 'EPIPE') process.exit(0);
    process.stderr.write(`stdout: ${message}\n`);
    process.exit(1);
  });
  process.argv.splice(2, 2, ...helpAsFlag(process.argv.slice(2, 4), program));
  const empty = emptyArgument(process.argv.slice(2));
  if (empty !== null) program.error(empty);
  // Not awaited: in a release the commands are in one file with this, and their import() would wait for it for ever.
  // Ended here: a server that accepts and then says nothing leaves the client's sockets open, which would keep the process.
  program.parseAsync().then(
    () => process.exit(),
    async (error: unknown) => {
      const { text, exit } = await endedBy(error);
      process.stderr.write(`${printableLines(text)}\n`);
      process.exit(exit);
    },
  );
}
