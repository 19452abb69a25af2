// `npm run faults -- [name…] [--count N] [--seed N]`: troubles of weeks in minutes, against the real engine.
import { parseArgs } from 'node:util';
import { FAULTS } from './all.ts';
import { NotPossible, roundOf } from './fault.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, seed: { type: 'string', default: '1' } },
});
const count = values.count === undefined ? undefined : Number(values.count);
const seed = Number(values.seed);
const unknown = positionals.filter((name) => !FAULTS.some((fault) => fault.name === name));
if (unknown.length > 0 || !Number.isInteger(seed) || (count !== undefined && !(Number.isInteger(count) && count > 0))) {
  const names = FAULTS.map(({ name }) => name).join(', ');
  process.stderr.write(`valid: [name…] --count N --seed N, names: ${names}\n`);
  process.exit(2);
}

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
