import { parseArgs } from 'node:util';

const USAGE = `Seeded soaks against a modelled host with a scheduler, each held against the rules in test/sim/rules.

  npm run simulate -- [--seed N] [--runs N] [--hours H] [--digest]
  npm run simulate -- --named | --mutants

  --seed N    the first run's seed, a whole number from 0 to 4294967295 (default 1); each run takes the next
  --runs N    how many runs, a whole number from 1 to 10000000 (default 1000)
  --hours H   simulated hours of each, from 0.01 to 168 (default 2)
  --digest    print one SHA-256 over all decision records, without the text for people: equal before and after a rewording
  --named     the scenarios in which policies have failed, each with what is right in it
  --mutants   copies of the core with one line changed, which the named scenarios or 200 seeds have to find

The same seed gives the same records, byte for byte. A run that breaks a rule prints its seed and a minimised scenario.
Exit codes: 0 every rule held, every mutant found; 1 not so; 2 usage.
`;

const FLAGS = {
  seed: { type: 'string' },
  runs: { type: 'string' },
  hours: { type: 'string' },
  digest: { type: 'boolean' },
  named: { type: 'boolean' },
  mutants: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface Asked {
  seed: number;
  runs: number;
  hours: number;
  digest: boolean;
  what: 'seeds' | 'named' | 'mutants';
}

/** The flags of the command line; prints usage and exits if they are wrong or asked for. */
export function asked(): Asked {
  const { help, seed = '1', runs = '1000', hours = '2', digest = false, named, mutants } = parsed();
  if (help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  return {
    seed: number('seed', seed, { min: 0, max: 0xffff_ffff, whole: true }),
    runs: number('runs', runs, { min: 1, max: 10_000_000, whole: true }),
    hours: number('hours', hours, { min: 0.01, max: 168, whole: false }),
    digest,
    what: named ? 'named' : mutants ? 'mutants' : 'seeds',
  };
}

function parsed() {
  try {
    return parseArgs({ options: FLAGS }).values;
  } catch (error) {
    return refuse((error as Error).message.split(/[.\n]/)[0] ?? '');
  }
}

function number(flag: string, text: string, { min, max, whole }: { min: number; max: number; whole: boolean }): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits = value >= min && value <= max && (!whole || Number.isInteger(value));
  return fits ? value : refuse(`--${flag} ${text}: a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
}

function refuse(what: string): never {
  process.stderr.write(`${what}; valid: --seed N --runs N --hours H, for example --seed 1 --runs 10000 --hours 2\n`);
  process.exit(2);
}
