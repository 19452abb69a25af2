import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { COMPLETIONS, type Completable, completionHelp, completionText } from '@hybrid-soak/contract/completion.ts';
import { isWebSocketUrl } from '@hybrid-soak/contract/config.ts';
import { parseDuration } from '@hybrid-soak/contract/duration.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { printable, printableJson, printableLines } from '@hybrid-soak/contract/printable.ts';
import { emptyArgument, helpAsFlag, usageError } from '@hybrid-soak/contract/usage-error.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { Argument, Command, Option } from 'commander';
import { FRAME_SHAPES, frames, type Shape } from './frames.ts';
import type { Served } from './serve.ts';

export const program = new Command('hybrid-feed')
  .description('A local exchange: made-up trades in the shapes of public feeds, over a real WebSocket.')
  .version(VERSION)
  .configureOutput({ outputError: (text, write) => write(printableLines(usageError('hybrid-feed', text))) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText('after', '\nExample:\n  hybrid-feed serve --rate 200');

const number = (flag: string, min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  process.stderr.write(`${flag} ${printable(text)}: valid: a number from ${min} to ${max}\n`);
  process.exit(2);
};

const wrong = (flag: string, text: string, valid: string): never => {
  process.stderr.write(`${flag} ${printable(text)}: valid: ${valid}\n`);
  process.exit(2);
};

function speed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const times = Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1]);
  return times > 0 ? times : wrong('--speed', text, '1x, 10x, max');
}

function seconds(text: string): number {
  const value = parseDuration(text);
  return value !== undefined && value > 0 ? value : wrong('--duration', text, '45s, 90m, 2h or plain seconds');
}

const onSignal = (act: () => void) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, act);
};

interface ServeFlags {
  port: number;
  host: string;
  rate: number;
  seed: number;
  firstId: number;
  speed: number;
  loop?: boolean;
}

program
  .command('serve')
  .addHelpText('after', '\nExample:\n  hybrid-feed serve --port 9001 --rate 200')
  .description(
    'serve made-up trades on /ws/<symbol>@trade, /stream?streams=<symbol>@trade and /v1/marketdata/<symbol>, after a subscription on /v5/public/spot, /ws/v5/public, /bitstamp and /ws/2, or a recording (of several URLs: each on its path), until SIGTERM',
  )
  .argument('[file]', 'a recording, or one raw frame a line: served from its beginning to each client, then silence')
  .option('--port <n>', '0 takes a free one', number('--port', 0, 65535), 9001)
  .option('--host <address>', 'where to listen', '127.0.0.1')
  .option('--rate <n>', 'frames a second to each client', number('--rate', 0.01, 1_000_000), 100)
  .option('--seed <n>', 'the same seed gives the same trades', number('--seed', 0, 4_294_967_295), 1)
  .option('--first-id <n>', 'trade id of the first made-up trade', number('--first-id', 0, 1e15), 1_000_000_000)
  .addOption(new Option('--speed <n>', 'of a recording: 1x, 10x, max').argParser(speed).default(1, '1x'))
  .option('--loop', 'a recording over and over, with the same trade ids: an engine counts them as duplicates')
  .action(async (file: string | undefined, flags: ServeFlags) => {
    try {
      const served = file === undefined ? await madeUp(flags) : await recorded(file, flags);
      onSignal(() => void served.close());
    } catch (error) {
      process.stderr.write(`${printable(`${file ?? `${flags.host}:${flags.port}`}: ${problemOf(error)}`)}\n`);
      process.exitCode = 1;
    }
  });

function problemOf(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return 'no such file; valid: a recording, or one raw frame a line';
    case 'EISDIR':
      return 'is a folder; valid: a recording, or one raw frame a line';
    case 'EADDRINUSE':
      return 'the port is in use; valid: --port 0 takes a free one';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'not an address of this machine; valid: --host 127.0.0.1';
    default:
      return (error as Error).message;
  }
}

async function madeUp(flags: ServeFlags): Promise<Served> {
  const { serve } = await import('./serve.ts');
  const served = await serve(flags);
  const base = `ws://${flags.host}:${served.port}`;
  const urls = {
    binance: `${base}/ws/btcusdt@trade`,
    gemini: `${base}/v1/marketdata/btcusd`,
    bybit: `${base}/v5/public/spot`,
    okx: `${base}/ws/v5/public`,
    bitstamp: `${base}/bitstamp`,
    bitfinex: `${base}/ws/2`,
  };
  process.stdout.write(`${JSON.stringify({ port: served.port, ...urls })}\n`);
  return served;
}

async function recorded(file: string, flags: ServeFlags): Promise<Served> {
  const { serveRecording } = await import('./serve-recording.ts');
  const served = await serveRecording({ ...flags, loop: flags.loop === true, file });
  const paths = served.paths.length > 0 ? served.paths : ['/'];
  const urls = paths.map((path) => `ws://${flags.host}:${served.port}${path}`);
  process.stdout.write(`${JSON.stringify({ port: served.port, urls })}\n`);
  return served;
}

interface RecordFlags {
  url: string;
  out: string;
  source?: string;
  subscribe?: string[];
  maxBytes: number;
  keep: number;
  duration?: number;
}

program
  .command('record')
  .addHelpText(
    'after',
    '\nExample:\n  hybrid-feed record --url wss://stream.binance.com:9443/ws/btcusdt@trade --out frames.jsonl --duration 2h',
  )
  .description('write the frames of a feed to a file, one JSON object a line, until SIGTERM')
  .requiredOption('--url <url>', 'ws:// or wss://')
  .requiredOption('--out <file>', 'continued if it exists')
  .option('--source <name>', "the feed's name in the recording (default: the host of its URL)")
  .option('--subscribe <text>', 'a frame to send after each open; may be given again', (text, all: string[] = []) => [
    ...all,
    text,
  ])
  .option('--max-bytes <n>', 'a longer file becomes FILE.1, that FILE.2', number('--max-bytes', 1, 1e15), 100_000_000)
  .option('--keep <n>', 'how many of those to keep', number('--keep', 1, 100_000), 10)
  .option('--duration <time>', '45s, 90m, 2h or plain seconds', seconds)
  .action(async (flags: RecordFlags) => {
    if (!isWebSocketUrl(flags.url)) wrong('--url', flags.url, 'a ws:// or wss:// URL');
    const { recordFrames: record } = await import('./record.ts');
    try {
      const source = flags.source ?? new URL(flags.url).hostname;
      const recording = record({ ...flags, subscribe: flags.subscribe ?? [], source }, (text) =>
        process.stderr.write(`${printable(text)}\n`),
      );
      const timer = flags.duration === undefined ? undefined : setTimeout(recording.stop, flags.duration * 1000);
      onSignal(recording.stop);
      await recording.ended;
      clearTimeout(timer);
      process.stdout.write(`${printableJson({ file: flags.out, frames: recording.frames() })}\n`);
    } catch (error) {
      const why = errorCode(error) ?? (error as Error).message;
      const problem = `cannot be written (${why}); valid: a file in a folder that is there`;
      process.stderr.write(`${printable(`${flags.out}: ${problem}`)}\n`);
      process.exitCode = 1;
    }
  });

const SYMBOL_OF: Readonly<Record<Shape, string>> = {
  binance: 'btcusdt',
  gemini: 'btcusd',
  bybit: 'btcusdt',
  okx: 'btc-usdt',
  bitstamp: 'btcusd',
  bitfinex: 'btcusd',
};

program
  .command('generate')
  .addHelpText('after', '\nExample:\n  hybrid-feed generate --shape gemini --count 10')
  .description('write made-up frames to stdout, one a line')
  .addOption(new Option('--shape <name>', 'of the frames').choices(FRAME_SHAPES).default('binance' satisfies Shape))
  .option('--count <n>', 'how many', number('--count', 1, 100_000_000), 1000)
  .option('--seed <n>', 'the same seed gives the same trades', number('--seed', 0, 4_294_967_295), 1)
  .action(async ({ shape, ...flags }: { shape: Shape; count: number; seed: number }) => {
    const source = frames(shape, flags.seed, SYMBOL_OF[shape], 1_000_000_000);
    const start = 1_700_000_000_000;
    const lines = Readable.from(madeLines(flags.count, (n) => source.next(start + n)));
    // Errors are reported by the stdout handler.
    await pipeline(lines, process.stdout).catch(() => {});
  });

/** `count` lines, some hundreds a write. */
function* madeLines(count: number, line: (n: number) => string): Generator<string> {
  for (let n = 0; n < count; ) {
    let text = '';
    for (const end = Math.min(count, n + 500); n < end; n++) text += `${line(n)}\n`;
    yield text;
  }
}

const { about, argument, examples } = completionHelp('hybrid-feed');
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
  program.parseAsync();
}
