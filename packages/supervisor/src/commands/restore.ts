import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { Command } from 'commander';
import { statesKeptAside } from '../adapters/ops-paths.ts';
import { findToRestore } from '../recovery/places.ts';
import { recoverLocked } from '../recovery/restore.ts';
import { Stop } from '../stop.ts';
import { withDecisions, withUnit } from './options.ts';

export function restoreCommand(): Command {
  return withDecisions(withUnit(new Command('restore')))
    .description('restore what an interrupted soak left: the config, and the unit as it was found')
    .addHelpText(
      'after',
      '\nExample:\n  soak restore\n\nSafe to run at any time, and twice: with nothing to restore it says so and exits 0.',
    )
    .action(async (flags: { unit?: string; config?: string; decisions?: string }) => {
      const { ops } = await findToRestore(flags);
      let none = true;
      for (const path of [ops.state, ...statesKeptAside(ops)]) {
        const restored = await recoverLocked(path).catch((error: unknown) => {
          throw notRestored(path, error);
        });
        if (restored !== null) process.stdout.write(`restored: ${printable(restored.what)}\n`);
        none &&= restored === null;
      }
      if (none) process.stdout.write('nothing to restore\n');
    });
}

/** A file that this account may not change is not a bug: one line, and exit code 12. */
function notRestored(path: string, error: unknown): unknown {
  if (error instanceof Stop || errorCode(error) === undefined) return error;
  const valid = `valid: an account that may change it; or remove ${path} if all is as it should be`;
  return new Stop(SOAK_EXIT.CONFIG, `not restored: ${(error as Error).message}; ${valid}`);
}
