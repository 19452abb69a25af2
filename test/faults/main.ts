// `npm run faults -- [name…] [--count N] [--seed N]`: troubles of weeks in minutes, against the real engine.
import { parseArgs } from 'node:util';
import t from 'tap';
import { FAULTS } from './all.ts';
import { NotPossible, roundOf } from './fault.ts';

// Parts that the faults share with the tests load tap, whose limit of 30 s would end a campaign.
t.setTimeout(0);

const NAMES = FAULTS.map(({ name }) => name);
const USAGE = `npm run faults -- [NAME…] [--count N] [--seed N], names: ${NAMES.join(', ')}`;

function refuse(what: string): never {
  process.stderr.write(`${what}; valid: ${USAGE}\n`);
  process.exit(2);
}

function parse() {
  const number = { type: 'string' } as const;
  const options = { count: number, seed: number, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse((error as Error).message.split('.')[0] as string);
  }
}

/** A whole number of at least `least`; undefined if none was given. */
function numberOf(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  return /^\d+$/.test(text) && number >= least ? number : refuse(`--${name} ${text}`);
}

const { values, positionals } = parse();
if (values.help === true) {
  for (const { name, what, full } of FAULTS) process.stdout.write(`${name.padEnd(10)} ${full} times: ${what}\n`);
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const count = numberOf('count', values.count, 1);
const seed = numberOf('seed', values.seed, 0) ?? 1;
for (const name of positionals) if (!NAMES.includes(name)) refuse(`no fault is called ${name}`);

for (const fault of FAULTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const started = performance.now();
  const times = count ?? fault.full;
  const end = (how: string) =>
    process.stdout.write(`${fault.name}: ${how} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
  try {
    end(`held: ${fault.what}: ${await fault.inflict(roundOf(times, seed))}`);
  } catch (error) {
    if (error instanceof NotPossible) {
      end(`skipped: ${error.message}`);
      continue;
    }
    end(
      `BROKEN: ${(error as Error).message}\n  again: npm run faults -- ${fault.name} --count ${times} --seed ${seed}`,
    );
    process.exitCode = 1;
  }
}
