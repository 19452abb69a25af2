import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { runningSpan } from './pressure.ts';
import { changesOf, field, inSeconds, isAdaptive, type Rule } from './rule.ts';
import { limitsOf, trueParts } from './truth.ts';

const WITHIN_MS = 600_000;
/** The part that NORMAL would have, as a share of its limit: below it nobody could object to going there. */
const HARMLESS = 0.5;
/** Beside a neighbour under a quota the part is known to be measured too high. */
const HARMLESS_BESIDE_QUOTAS = 0.15;

/** NORMAL again within ten minutes of the load's end, or the hold if it flapped. */
const comesBack: Rule = (trace) => {
  const { scenario, seconds, entries } = trace;
  const { options } = scenario;
  if (!isAdaptive(trace) || options.psi_actions !== 'on' || options.parameters.max_restarts_per_hour < 3) return null;
  if (scenario.effectFails > 0 || scenario.effectSlow > 0 || scenario.effectLost > 0) return null;
  // A supervisor that is held up sees seconds as one: an engine and neighbours that are busy in turns look busy together, and
  // the part that it has to judge by is many times the true one (22 for 1.2 in seed 3535). Named scenario 22 has what it owes.
  if (scenario.delays.late_ms > 0) return null;
  const span = runningSpan(trace);
  const parts = trueParts(trace);
  const limits = limitsOf(trace);
  const disturbed = (second: number) =>
    scenario.troubles.some(({ at, until }) => second >= at - 5 && second < until + WITHIN_MS / 1000);
  const budget = entries.filter(({ records }) => records.some((record) => field(record, 'hold') === 'budget'));
  const moved = changesOf(trace).map(({ at }) => at);
  const harmless = scenario.neighbours.some(({ quota }) => quota !== null) ? HARMLESS_BESIDE_QUOTAS : HARMLESS;
  let since: number | null = null;
  let looked = 0;
  let holdMs = 0;
  for (const [i, { at, starting, sampleEvery, normalCost }] of seconds.entries()) {
    if (at > span.to) return null;
    while (looked < entries.length && (entries[looked]?.at ?? 0) <= at) holdMs = entries[looked++]?.holdMs ?? 0;
    const found = options.original_sample_every ?? 1;
    const throttled = sampleEvery > found && at > span.from;
    const worst = RESOURCES.reduce(
      (most, r) => Math.max(most, ((parts[i]?.[r] ?? 0) * (r === 'cpu' ? normalCost : 1)) / limits[r]),
      0,
    );
    if (!throttled || worst > harmless || disturbed(at / 1000)) since = null;
    else if (!starting) since ??= at;
    if (since === null) continue;
    const owed = Math.max(WITHIN_MS, holdMs + 120_000);
    const spent = budget.some((entry) => entry.at > (since ?? 0) - 3_600_000 && entry.at <= at);
    if (at - since > owed && !spent)
      return `harmless for ${inSeconds(at - since)} at ${at}, still 1 in ${sampleEvery}; the last rung changes at ${moved.slice(-3).join(', ')}`;
  }
  return null;
};

export const RECOVERY_RULES: Record<string, Rule> = {
  'back at NORMAL within ten minutes of the end of the load': comesBack,
};
