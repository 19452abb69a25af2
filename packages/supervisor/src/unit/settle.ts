import { monotonicMs } from '../adapters/clock.ts';
import { type UnitFacts, unitFacts } from './facts.ts';
import type { Scope } from './systemctl.ts';

const LOOK_MS = 200;
/** Longer than the engine's TimeoutStopSec and TimeoutStartSec together would be a hang of somebody else's. */
const PATIENCE_MS = 90_000;

/** A unit between two states is on its way by somebody's wish, or systemd's: no act of ours comes between. */
export async function settled(scope: Scope, unit: string, note: (text: string) => void = () => {}): Promise<void> {
  const until = monotonicMs() + PATIENCE_MS;
  let said = false;
  for (;;) {
    const asked = await unitFacts(scope, unit);
    const way = asked.ok ? onItsWay(asked.facts) : null;
    if (way === null || monotonicMs() > until) return;
    if (!said) note(`waiting for ${unit}: ${way}`);
    said = true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** What the unit is on its way to; null if it is settled. Waiting for RestartSec is settled: it may last for minutes. */
export function onItsWay({ active_state: state, sub_state: sub, job }: UnitFacts): string | null {
  if (sub === 'auto-restart') return null;
  if (/^(activating|deactivating|reloading|refreshing)$/.test(state)) return `${state} (${sub})`;
  return job ? `${state}, a job is under way` : null;
}
