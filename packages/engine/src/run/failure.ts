import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { DatabaseRefused, DatabaseUnavailable } from '../store/open/refusals.ts';

/** The exit code of a failure that nothing has caught. */
export function exitOfFailure(error: unknown): number {
  if (error instanceof DatabaseRefused) return ENGINE_EXIT.CONFIG;
  return error instanceof DatabaseUnavailable ? ENGINE_EXIT.OVERLOAD : ENGINE_EXIT.CRASH;
}
