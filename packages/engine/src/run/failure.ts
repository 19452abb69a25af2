import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { lastsOf } from '../core/lasts.ts';
import { DatabaseRefused, DatabaseUnavailable } from '../store/open/refusals.ts';

/** The exit code of a failure that nothing has caught. */
export function exitOfFailure(error: unknown): number {
  if (error instanceof DatabaseRefused) return ENGINE_EXIT.CONFIG;
  const isForNow = error instanceof DatabaseUnavailable || lastsOf(error) === 'now';
  return isForNow ? ENGINE_EXIT.OVERLOAD : ENGINE_EXIT.CRASH;
}
