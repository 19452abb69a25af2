// `npm run bench -- [name…] [--quick] [--json] [--against FILE]`: yardsticks beside the release, as ratios, against targets.
// `--against`: then each row beside that of an earlier result.
// `--peers`: other programs beside the engine, at several rates; they are installed under data/bench/peers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { growth } from './growth/all.ts';
import { type Growth, printed } from './growth/table.ts';
import { median, spread } from './ratio.ts';
import { compared, earlierResult, type Result, round } from './result.ts';
import { endAll, NotMeasured, type Row } from './row.ts';
import { ROWS } from './rows/all.ts';

const GROWTH = 'growth';
const { values, positionals, earlier } = asked();
const out = values.json ? process.stderr : process.stdout;
if (values.peers) {
  // Loaded only here: it installs what no other row needs.
  const { peers } = await import('./peers/main.ts');
  const say = (text: string) => out.write(`${text}\n`);
  const figures = await peers(values.quick, say);
  keepReport({ peers: figures });
  process.exit(0);
}
const chosen = ROWS.filter((row) => (positionals.length > 0 ? isNamed(row) : row.onlyNamed !== true));
const rules = { quick: values.quick, repeats: values.quick ? 3 : 5 };
const started = performance.now();
const results: Result[] = [];
const begun = new Map<Row, Promise<Result>>();
for (const row of chosen) {
  const rowStarted = performance.now();
  if (row.atOnce !== undefined && !begun.has(row)) beginAtOnce(row.atOnce);
  const result = { ...(await (begun.get(row) ?? measured(row))), seconds: secondsSince(rowStarted) };
  results.push(result);
  out.write(`${line(row, result)}\n`);
}
await endAll();

const grown: Growth[][] = [];
if (positionals.includes(GROWTH))
  for await (const lines of growth(rules)) {
    grown.push(lines);
    out.write(`\n${printed(lines)}\n`);
  }
const seconds = secondsSince(started);
out.write(`\n${seconds} s in all\n`);
if (earlier !== null) out.write(`\nagainst ${values.against}:\n${compared(results, earlier)}\n`);

keepReport({ seconds, rows: results, growth: grown.flat() });

/** Begins all chosen rows of that kind, and beside those under load the warm-ups of the others. */
function beginAtOnce(kind: Row['atOnce']): void {
  // What a warm-up ends with is seen by the row that waits for it.
  if (kind === 'load') for (const { warmUp } of chosen) warmUp?.(rules).catch(() => {});
  for (const row of chosen.filter(({ atOnce }) => atOnce === kind)) begun.set(row, measured(row));
}

function secondsSince(startedMs: number): number {
  return Math.round((performance.now() - startedMs) / 1000);
}

/** Writes what was measured, with the machine it was measured on, to `data/bench/`. */
function keepReport(measured: object): void {
  const machine = { cpu: cpus()[0]?.model ?? '', cpus: cpus().length, memory_mb: Math.round(totalmem() / 1024 ** 2) };
  const report = { machine, node: process.version, ...measured };
  const folder = resolve(import.meta.dirname, '../../data/bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  out.write(`${file}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** A row is chosen by its name, its slope with it. */
function isNamed({ name }: Row): boolean {
  return positionals.some((wanted) => name === wanted || name === `${wanted}-slope`);
}

function asked() {
  const options = {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    against: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  const names = [...ROWS.map((row) => row.name), GROWTH];
  const usage = `npm run bench -- [name…] [--quick] [--json] [--against FILE]\n       npm run bench -- --peers [--quick] [--json]\nnames: ${names.join(', ')}\n`;
  try {
    const given = parseArgs({ allowPositionals: true, options });
    const unknown = given.positionals.filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(', ')}`);
    const { against, help } = given.values;
    if (!help) return { ...given, earlier: against === undefined ? null : earlierResult(against) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
  process.stdout.write(usage);
  process.exit(0);
}

async function measured(row: Row): Promise<Result> {
  const { name, unit } = row;
  const target = 'least' in row.target ? `>= ${row.target.least}` : `<= ${row.target.most}`;
  try {
    const { figures, seen } = await row.measure(rules);
    const middle = median(figures);
    const met = 'least' in row.target ? middle >= row.target.least : middle <= row.target.most;
    // In the quick form there is no time for it.
    const why = met || rules.quick ? undefined : await row.whyMissed?.(rules);
    return { name, median: middle, spread: spread(figures), unit, target, met, note: seen, why };
  } catch (error) {
    // The other rows are measured all the same.
    if (!(error instanceof NotMeasured)) process.exitCode = 1;
    const [problem] = (error as Error).message.split('\n');
    return {
      name,
      median: null,
      spread: null,
      unit,
      target,
      met: null,
      note: `not measured: ${problem}`,
      why: undefined,
    };
  }
}

function line(row: Row, result: Result & { seconds: number }): string {
  const figure = result.median === null ? '-' : `${round(result.median)} ±${round(result.spread ?? 0)}`;
  const verdict = result.met === null ? '?' : result.met ? 'met' : 'MISSED';
  const head = `${row.name.padEnd(20)} ${figure.padStart(18)} ${row.unit.padEnd(8)} ${result.target.padEnd(10)}`;
  const why = result.why === undefined ? '' : `\n  limit: ${result.why}`;
  return `${head} ${verdict.padEnd(6)} ${String(result.seconds).padStart(4)} s  ${result.note}${why}`;
}
