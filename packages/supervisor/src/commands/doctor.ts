import { dirname, resolve } from 'node:path';
import { configSchema } from '@hybrid-soak/contract/config.ts';
import { checkConfig } from '@hybrid-soak/contract/config-check.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { worst } from '@hybrid-soak/contract/proof.ts';
import { Command, Option } from 'commander';
import { readText } from '../adapters/config-file.ts';
import { ROOT } from '../adapters/root.ts';
import { inspect } from '../inspect/preflight.ts';
import { notebook } from '../proofs/proof.ts';
import { lockScope } from '../proofs/prove.ts';
import { findingsText } from '../text/proof.ts';
import { type ManagerChoice, whereInstalled } from '../unit/choose.ts';

interface Flags {
  config: string;
  unit: string;
  manager: ManagerChoice;
  decisions: string;
  json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look at the installation, change nothing, and say what to do about each finding')
    .option('--config <file>', "the engine's configuration", 'config/config.toml')
    .option('--unit <name>', "the engine's unit", 'hybrid-engine.service')
    .addOption(
      new Option('--manager <name>', 'who owns the process')
        .choices(['auto', 'system', 'user', 'embedded'])
        .default('auto'),
    )
    .option('--decisions <file>', 'the decision log', 'data/ops/soak_decisions.jsonl')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  soak doctor\n\nExit codes: 0 all is well, 20 something is amiss, 22 something could not be looked at.',
    )
    .action(async (flags: Flags) => {
      process.exitCode = await doctor(flags);
    });
}

/** An invalid config is a finding, not an end: its defaults say where to look. */
async function doctor(flags: Flags): Promise<number> {
  const { notes, kept } = notebook();
  const { app } = usable(flags.config);
  await inspect(
    {
      unit: flags.unit,
      scope: await whereInstalled(flags.manager, flags.unit),
      config: resolve(flags.config),
      db: resolve(app.db_path),
      ops: dirname(resolve(flags.decisions)),
      root: ROOT,
      lockScope: lockScope(),
      self: null,
    },
    notes,
  );
  const verdict = worst(kept.checks.map((check) => check.verdict));
  process.stdout.write(flags.json ? `${JSON.stringify({ verdict, ...kept })}\n` : `${findingsText(kept.checks)}\n`);
  if (verdict === 'PASS') return SOAK_EXIT.PASS;
  return verdict === 'FAIL' ? SOAK_EXIT.FAIL : SOAK_EXIT.INCONCLUSIVE;
}

function usable(path: string) {
  try {
    const checked = checkConfig(readText(path), path);
    if (checked.ok) return checked.value;
  } catch {
    // No such file: a finding of its own.
  }
  return configSchema.parse({});
}
