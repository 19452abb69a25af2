import { recordDigest } from './digest.ts';
import { drive, type Trace } from './drive.ts';
import { type Asked, asked } from './flags.ts';
import { minimise } from './minimise.ts';
import { killerOf, MUTANTS } from './mutants.ts';
import { NAMED } from './named.ts';
import { OUTAGES } from './outages.ts';
import { seeded } from './random.ts';
import { RULES } from './rules/all.ts';
import { drawScenario } from './scenario.ts';

const SHOWN_RECORDS = 60;
const SHOWN_FAILURES = 3;
/** Random runs that a mutant has to survive besides the named scenarios. */
const MUTANT_SEEDS = 200;

const print = (text: string) => process.stdout.write(`${text}\n`);

interface Fault {
  rule: string;
  how: string;
}

function faultsOf(trace: Trace): Fault[] {
  return Object.entries(RULES).flatMap(([rule, holds]) => {
    const how = holds(trace);
    return how === null ? [] : [{ rule, how }];
  });
}

/** Seeds from the first on; true if every rule held. */
function runSeeds({ seed, runs, hours, digest }: Asked): boolean {
  const started = performance.now();
  const records = recordDigest();
  const verdicts: Record<string, number> = {};
  const brokenBy: Record<string, number[]> = {};
  let steps = 0;
  let failures = 0;
  for (let at = seed; at < seed + runs; at++) {
    const trace = drive(drawScenario(seeded(at), at, hours), at);
    steps += trace.entries.length;
    if (digest) records.add(trace.entries);
    const verdict = trace.ending?.verdict ?? 'none';
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    const faults = faultsOf(trace);
    for (const { rule } of faults) brokenBy[rule] = [...(brokenBy[rule] ?? []), at];
    if (faults[0] !== undefined && failures++ < SHOWN_FAILURES) show(at, hours, trace, faults[0]);
  }
  const took = (performance.now() - started) / 1000;
  const rate = (count: number) => Math.round(count / took).toLocaleString('en');
  const ended = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  print(`${runs} runs of ${hours} h from seed ${seed}: ${failures} broke a rule`);
  print(`${took.toFixed(1)} s, ${rate(runs)} runs/s, ${rate(steps)} steps/s; ${ended.join(', ')}`);
  for (const [rule, seeds] of Object.entries(brokenBy))
    print(`${String(seeds.length).padStart(5)}  ${rule}: ${seeds.slice(0, 8).join(', ')}`);
  if (digest) print(`records sha256 ${records.hex()}`);
  return failures === 0;
}

/** One line a scenario; true if in each of them all is right. */
function runNamed(): boolean {
  let failures = 0;
  for (const [name, { scenario, expects }] of Object.entries({ ...NAMED, ...OUTAGES })) {
    const trace = drive(scenario, 1);
    const what = expects(trace);
    const faults = [...(what === null ? [] : [{ rule: 'what is right in it', how: what }]), ...faultsOf(trace)];
    if (faults.length > 0) failures++;
    print(`${faults.length === 0 ? 'ok ' : 'BAD'} ${name}: ${trace.ending?.verdict}, ${trace.ending?.reason}`);
    for (const { rule, how } of faults) print(`      ${rule}: ${how}`);
  }
  return failures === 0;
}

/** One line a mutant; true if each of them is found. */
async function runMutants(): Promise<boolean> {
  let found = 0;
  for (const mutant of MUTANTS) {
    const killer = await killerOf(mutant, MUTANT_SEEDS);
    if (killer !== null) found++;
    print(killer === null ? `SURVIVES ${mutant.name}` : `found    ${mutant.name}: by ${killer}`);
  }
  print(`${found} of ${MUTANTS.length} mutants found`);
  return found === MUTANTS.length;
}

function show(at: number, hours: number, { scenario: first }: Trace, { rule, how }: Fault): void {
  const { scenario, entries, truth } = minimise(first, at, RULES[rule] ?? (() => null));
  const { options, troubles, hogs, neighbours, ...rest } = scenario;
  const records = entries.flatMap((entry) =>
    entry.records.map(
      (r) =>
        `  ${String(Math.round(entry.at)).padStart(8)} ms  ${r.state} 1/${r.current_sample_every}  ${r.action}: ${r.reason}`,
    ),
  );
  print(
    [
      `seed ${at} breaks "${rule}": ${how}`,
      `  again: npm run simulate -- --seed ${at} --runs 1 --hours ${hours}`,
      `  minimised: ${JSON.stringify(rest)}`,
      `  ${options.policy}, psi_actions ${options.psi_actions}, apply ${options.apply}, found ${options.original_sample_every}, running ${options.was_running}`,
      `  parameters ${JSON.stringify(options.parameters)}`,
      ...neighbours.map((neighbour) => `  neighbour ${JSON.stringify(neighbour)}`),
      ...hogs.map((hog) => `  hog ${JSON.stringify(hog)}`),
      ...troubles.map((trouble) => `  trouble ${JSON.stringify(trouble)}`),
      `  truth ${JSON.stringify(truth).slice(0, 400)}; the records:`,
      ...records.slice(0, SHOWN_RECORDS),
      '',
    ].join('\n'),
  );
}

const flags = asked();
const held = flags.what === 'named' ? runNamed() : flags.what === 'mutants' ? await runMutants() : runSeeds(flags);
process.exitCode = held ? 0 : 1;
