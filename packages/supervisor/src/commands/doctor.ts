import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { configSchema } from '@hybrid-soak/contract/config.ts';
import { checkConfig } from '@hybrid-soak/contract/config-check.ts';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printableJson } from '@hybrid-soak/contract/printable.ts';
import { worst } from '@hybrid-soak/contract/proof.ts';
import type { TextStyle } from '@hybrid-soak/report/terminal/line.ts';
import { Command } from 'commander';
import { readText } from '../adapters/config-text.ts';
import { ROOT } from '../adapters/root.ts';
import { notebook } from '../inspect/notes.ts';
import { inspect } from '../inspect/preflight.ts';
import { placesOf } from '../recovery/places.ts';
import { findingsText } from '../text/proof.ts';
import { type ManagerChoice, whereInstalled } from '../unit/choose.ts';
import { unitFacts } from '../unit/facts.ts';
import { withDecisions, withManager, withUnit } from './options.ts';

interface Flags {
  config?: string;
  unit?: string;
  manager: ManagerChoice;
  decisions?: string;
  json?: boolean;
}

export function doctorCommand(): Command {
  return withManager(withDecisions(withUnit(new Command('doctor'))))
    .description('look at the installation, change nothing, and say what to do about each finding')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  soak doctor\n\nExit codes: 0 all is well, 20 something is wrong, 22 something could not be checked.',
    )
    .action(async (flags: Flags) => {
      process.exitCode = await doctor(flags);
    });
}

/** An invalid config is a finding, not an end: its defaults say where to look. */
async function doctor(flags: Flags): Promise<number> {
  const { notes, kept } = notebook();
  const name = flags.unit ?? ENGINE_UNIT;
  const scope = await whereInstalled(flags.manager, name);
  const asked = scope === null ? null : await unitFacts(scope, name);
  const facts = asked?.ok && asked.facts.load === 'loaded' ? asked.facts : null;
  const { config, base, ops } = placesOf(flags, facts);
  const db = resolve(base, usable(config).app.db_path);
  const unit = facts?.id ?? name;
  await inspect({ unit, scope, config, db, ops: ops.folder, root: ROOT, self: null }, notes);
  const verdict = worst(kept.checks.map((check) => check.verdict));
  const paint = (style: TextStyle, text: string) => styleText(style, text, { stream: process.stdout });
  const text = flags.json
    ? printableJson({ verdict, ...kept })
    : findingsText(kept.checks, paint, process.stdout.columns);
  process.stdout.write(`${text}\n`);
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
