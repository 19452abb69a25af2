import type { State } from '../state.ts';

const HOUR_MS = 3_600_000;
const MOST_RESERVED = 3;

const recent = (times: readonly number[], now: number) => times.filter((at) => now - at < HOUR_MS);

/** How many recoveries and stall restarts of the last hour there were. */
export const restartsUsed = ({ clock, ladder }: State): number => recent(ladder.spent, clock.now).length;

/** A quarter of the budget, rounded up, at most three, is kept for stalls. */
const reserved = (budget: number) => Math.min(MOST_RESERVED, Math.ceil(budget / 4));

/** Whether a recovery may be made now. */
export function mayRecover({ clock, ladder, options }: State): boolean {
  const budget = options.parameters.max_restarts_per_hour;
  const would = options.psi_actions === 'logonly' ? recent(ladder.wouldSpend, clock.now).length : 0;
  return recent(ladder.spent, clock.now).length + would < budget - reserved(budget);
}

export function spendRecovery(state: State): void {
  const { clock, ladder, options } = state;
  if (options.psi_actions === 'logonly') ladder.wouldSpend = [...recent(ladder.wouldSpend, clock.now), clock.now];
  else ladder.spent = [...recent(ladder.spent, clock.now), clock.now];
}

/** Takes one restart for a stall out of the hour's budget; false if it is spent. */
export function spendStallRestart(state: State): boolean {
  const { clock, ladder, options } = state;
  if (restartsUsed(state) >= options.parameters.max_restarts_per_hour) return false;
  ladder.spent = [...recent(ladder.spent, clock.now), clock.now];
  return true;
}
