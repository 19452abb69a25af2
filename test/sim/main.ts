import { parseArgs } from 'node:util';
import { drive, type Trace } from './drive.ts';
import { broken, INVARIANTS } from './invariants.ts';
import { minimise } from './minimise.ts';
import { seeded } from './random.ts';
import { drawScenario } from './scenario.ts';

const SHOWN_RECORDS = 25;
const SHOWN_FAILURES = 5;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1000' },
    hours: { type: 'string', default: '2' },
  },
});
const [seed, runs, hours] = [values.seed, values.runs, values.hours].map(Number) as [number, number, number];
if (!Number.isInteger(seed) || !(runs >= 1) || !(hours > 0)) {
  process.stderr.write('valid: --seed N --runs N --hours N, for example --seed 1 --runs 10000 --hours 2\n');
  process.exit(2);
}

const started = performance.now();
let steps = 0;
let failures = 0;
const verdicts: Record<string, number> = {};
for (let at = seed; at < seed + runs; at++) {
  const scenario = drawScenario(seeded(at), at, hours);
  const trace = drive(scenario, at);
  steps += trace.entries.length;
  const verdict = trace.ending?.verdict ?? 'none';
  verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const failure = broken(trace);
  if (failure === null) continue;
  if (failures++ < SHOWN_FAILURES) show(at, failure, minimise(scenario, at, failure.invariant));
}
const took = (performance.now() - started) / 1000;
const rate = (count: number) => Math.round(count / took).toLocaleString('en');
process.stdout.write(
  `${runs} runs of ${hours} h from seed ${seed}: ${failures} broke an invariant\n` +
    `${took.toFixed(1)} s, ${rate(runs)} runs/s, ${rate(steps)} steps/s; ${Object.entries(verdicts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', ')}\n`,
);
process.exitCode = failures === 0 ? 0 : 1;

function show(at: number, { invariant, how }: { invariant: string; how: string }, trace: Trace): void {
  const { scenario, entries } = trace;
  const { options, troubles, ...rest } = scenario;
  const records = entries.flatMap((entry) =>
    entry.records.map(
      (r) =>
        `  ${String(Math.round(entry.at)).padStart(8)} ms  ${r.state} 1/${r.current_sample_every}  ${r.action}: ${r.reason}`,
    ),
  );
  const lines = [
    `seed ${at} breaks "${invariant}": ${how}`,
    `  again: pnpm simulate --seed ${at} --runs 1 --hours ${hours}`,
    `  minimised: ${JSON.stringify(rest)}`,
    `  ${options.policy}, psi_actions ${options.psi_actions}, apply ${options.apply}, calibrate ${options.calibrate}, found ${options.original_sample_every}`,
    ...troubles.map((trouble) => `  trouble ${JSON.stringify(trouble)}`),
    `  then: ${INVARIANTS[invariant]?.(trace)}; its last records:`,
    ...records.slice(-SHOWN_RECORDS),
  ];
  process.stdout.write(`${lines.join('\n')}\n\n`);
}
