import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable, printableJson, printableLines } from '@hybrid-soak/contract/printable.ts';
import { PROOFS, type Proof, type ProofFile, type ProofName } from '@hybrid-soak/contract/proof.ts';
import { Argument, Command } from 'commander';
import { replaceFile } from '../adapters/replace-file.ts';
import { writableFile } from '../adapters/writable.ts';
import { prove } from '../proofs/prove.ts';
import { placesOf } from '../recovery/places.ts';
import { readConfig } from '../recovery/read-config.ts';
import { proofText } from '../text/proof.ts';
import { chooseOrStop, type ManagerChoice } from '../unit/choose.ts';
import { withDecisions, withManager, withUnit } from './options.ts';

interface Flags {
  config?: string;
  unit?: string;
  manager: ManagerChoice;
  decisions?: string;
  out?: string;
  quick?: boolean;
  json?: boolean;
}

export function proveCommand(): Command {
  return withManager(withDecisions(withUnit(new Command('prove'))))
    .description('prove every claim on the running unit, leave the evidence, restore everything')
    .addArgument(new Argument('[proof...]', 'which').choices([...PROOFS, 'all']).default(['all']))
    .option(
      '--out <folder>',
      'where proof.md and proof.json go, in a folder named by the time (default: proofs beside the decisions)',
    )
    .option('--quick', 'fewer repetitions: under 10 minutes instead of under 30')
    .option('--json', 'proof.json on stdout as well')
    .addHelpText(
      'after',
      '\nThe engine is stopped and started, over a config and a database of the proofs; its own database is not written.\n' +
        'Examples:\n  soak prove\n  soak prove psi exit-code --quick\n\n' +
        'Exit codes: 0 all passed, 2 usage, 12 configuration, 20 one failed, 22 one could not be measured, 130/143 interrupted.',
    )
    .action(async (names: (ProofName | 'all')[], flags: Flags) => {
      process.exitCode = await run(names, flags);
    });
}

async function run(names: (ProofName | 'all')[], flags: Flags): Promise<number> {
  const chosen = await chooseOrStop(flags.manager, flags.unit ?? ENGINE_UNIT, true);
  const places = placesOf(flags, chosen.facts);
  const { ops } = places;
  await readConfig(places.config);
  writableFile('--decisions', ops.decisions);
  const out = resolve(flags.out ?? ops.proofs, new Date().toISOString().replace(/[:.]/g, '-'));
  writableFile('the folder of --out', join(out, 'proof.md'));
  const file = await prove({
    asked: names.includes('all') ? [...PROOFS] : PROOFS.filter((name) => names.includes(name)),
    ...{ chosen, ops, out, config: places.config, base: places.base },
    read: () => readConfig(places.config),
    quick: flags.quick === true,
    runId: randomUUID(),
    done: said,
    note: (text) => void process.stderr.write(`${printableLines(text)}\n`),
  });
  mkdirSync(out, { recursive: true });
  replaceFile(join(out, 'proof.json'), `${JSON.stringify(file, null, 2)}\n`);
  replaceFile(join(out, 'proof.md'), proofText(file));
  process.stderr.write(`${printable(`${file.verdict}: ${join(out, 'proof.md')}`)}\n`);
  if (flags.json) process.stdout.write(`${printableJson(file)}\n`);
  return exitCodeOf(file);
}

function said({ name, verdict, reason, took_s }: Proof): void {
  process.stderr.write(
    `${verdict.padEnd(7)} ${name.padEnd(11)} ${took_s.toFixed(1).padStart(6)} s  ${printable(reason)}\n`,
  );
}

function exitCodeOf({ verdict, interrupted }: ProofFile): number {
  if (interrupted !== null) return interrupted === 'SIGINT' ? SOAK_EXIT.INTERRUPTED : SOAK_EXIT.TERMINATED;
  if (verdict === 'FAIL') return SOAK_EXIT.FAIL;
  return verdict === 'PASS' ? SOAK_EXIT.PASS : SOAK_EXIT.INCONCLUSIVE;
}
