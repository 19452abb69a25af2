import { parseArgs } from 'node:util';
import { recordDigest } from './digest.ts';
import { drive, type Trace } from './drive-next.ts';
import { NAMED } from './named.ts';
import { seeded } from './random.ts';
import { RULES } from './rules/all.ts';
import { drawScenario } from './scenario-next.ts';

const SHOWN_RECORDS = 60;
const SHOWN_FAILURES = 3;

const USAGE = `Seeded soaks against a modelled host and engine, each held against every invariant.

  npm run simulate -- [--seed N] [--runs N] [--hours H] [--digest] | --named

  --seed N    the first run's seed, a whole number from 0 to 4294967295 (default 1); each run takes the next
  --runs N    how many runs, a whole number from 1 to 10000000 (default 1000)
  --hours H   simulated hours of each, from 0.01 to 168 (default 2)
  --named     the scenarios that a policy has failed in, each with what is right in it
  --digest    print one SHA-256 over all decision records, without the text for people: equal before and after a rewording

The same seed gives the same records, byte for byte. A run that breaks an invariant prints its seed and a minimised trace.
Exit codes: 0 every invariant held, 1 one was broken, 2 usage.
`;
const options = {
  seed: { type: 'string' },
  runs: { type: 'string' },
  hours: { type: 'string' },
  digest: { type: 'boolean' },
  named: { type: 'boolean' },
} as const;
const { seed, runs, hours, digest, named } = asked();
if (named) process.exit(runNamed());

/** The flags; usage and exit where they are wrong or asked for. */
function asked() {
  const refuse = (what: string) => {
    process.stderr.write(`${what}; valid: --seed N --runs N --hours H, for example --seed 1 --runs 10000 --hours 2\n`);
    process.exit(2);
  };
  const flags = () => {
    try {
      return parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } }).values;
    } catch (error) {
      return refuse((error as Error).message.split(/[.\n]/)[0] ?? '');
    }
  };
  const { help, seed = '1', runs = '1000', hours = '2', digest = false, named = false } = flags();
  if (help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const number = (flag: string, text: string, min: number, max: number, whole: boolean) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const fits = value >= min && value <= max && (!whole || Number.isInteger(value));
    return fits ? value : refuse(`--${flag} ${text}: a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
  };
  return {
    seed: number('seed', seed, 0, 0xffff_ffff, true),
    runs: number('runs', runs, 1, 10_000_000, true),
    hours: number('hours', hours, 0.01, 168, false),
    digest,
    named,
  };
}

const started = performance.now();
let steps = 0;
let failures = 0;
const records = recordDigest();
const verdicts: Record<string, number> = {};
const brokenBy: Record<string, number[]> = {};
for (let at = seed; at < seed + runs; at++) {
  const trace = drive(drawScenario(seeded(at), at, hours), at);
  steps += trace.entries.length;
  if (digest) records.add(trace.entries);
  const verdict = trace.ending?.verdict ?? 'none';
  verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const faults = Object.entries(RULES).flatMap(([rule, holds]) => {
    const how = holds(trace);
    return how === null ? [] : [{ rule, how }];
  });
  for (const { rule } of faults) brokenBy[rule] = [...(brokenBy[rule] ?? []), at];
  if (faults.length > 0 && failures++ < SHOWN_FAILURES) show(at, faults, trace);
}
const took = (performance.now() - started) / 1000;
const rate = (count: number) => Math.round(count / took).toLocaleString('en');
process.stdout.write(
  `${runs} runs of ${hours} h from seed ${seed}: ${failures} broke an invariant\n` +
    `${took.toFixed(1)} s, ${rate(runs)} runs/s, ${rate(steps)} steps/s; ${Object.entries(verdicts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}\n`,
);
for (const [rule, seeds] of Object.entries(brokenBy))
  process.stdout.write(`${String(seeds.length).padStart(5)}  ${rule}: ${seeds.slice(0, 8).join(', ')}\n`);
if (digest) process.stdout.write(`records sha256 ${records.hex()}\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** The scenarios of `named.ts`, one line each. Returns the exit code. */
function runNamed(): number {
  let failures = 0;
  for (const [name, { scenario, expects }] of Object.entries(NAMED)) {
    const trace = drive(scenario, 1);
    const faults = Object.entries({ 'what is right in it': expects, ...RULES }).flatMap(([rule, holds]) => {
      const how = holds(trace);
      return how === null ? [] : [`      ${rule}: ${how}`];
    });
    if (faults.length > 0) failures++;
    const lines = [
      `${faults.length === 0 ? 'ok ' : 'BAD'} ${name}: ${trace.ending?.verdict}, ${trace.ending?.reason}`,
      ...faults,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return failures === 0 ? 0 : 1;
}

function show(at: number, faults: { rule: string; how: string }[], { scenario, entries, truth }: Trace): void {
  const { options, troubles, hogs, neighbours, ...rest } = scenario;
  const lines = [
    ...faults.map(({ rule, how }) => `seed ${at} breaks "${rule}": ${how}`),
    `  again: npm run simulate -- --seed ${at} --runs 1 --hours ${hours}`,
    `  ${JSON.stringify(rest)}`,
    `  ${options.policy}, psi_actions ${options.psi_actions}, apply ${options.apply}, found ${options.original_sample_every}, running ${options.was_running}`,
    `  parameters ${JSON.stringify(options.parameters)}`,
    ...neighbours.map((neighbour) => `  neighbour ${JSON.stringify(neighbour)}`),
    ...hogs.map((hog) => `  hog ${JSON.stringify(hog)}`),
    ...troubles.map((trouble) => `  trouble ${JSON.stringify(trouble)}`),
    `  truth ${JSON.stringify(truth)}; the records:`,
    ...entries
      .flatMap((entry) =>
        entry.records.map(
          (r) =>
            `  ${String(Math.round(entry.at)).padStart(8)} ms  ${r.state} 1/${r.current_sample_every}  ${r.action}: ${r.reason}`,
        ),
      )
      .slice(0, SHOWN_RECORDS),
  ];
  process.stdout.write(`${lines.join('\n')}\n\n`);
}
