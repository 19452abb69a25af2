import type { DecisionBody } from '@hybrid-soak/contract/decision.ts';
import type { HoldCode } from '@hybrid-soak/contract/decision-fields.ts';
import type { Resource } from '@hybrid-soak/contract/psi.ts';
import { hundredths } from '@hybrid-soak/contract/round.ts';
import type { Parts } from '@hybrid-soak/contract/sample.ts';
import { mapResources, type PerResource } from '../per-resource.ts';
import type { Draft } from '../records.ts';
import type { LadderStep } from './rungs.ts';

type Restart = Extract<DecisionBody, { action: 'ENGINE_RESTART' }>;
/** The numbers behind a judgement. */
export type Judged = Pick<Restart, 'over' | 'pressure' | 'share' | 'part' | 'limit'>;
export type Numbers = Judged & Pick<Restart, 'held_for_s' | 'recover_hold_s' | 'exit_code'>;

/** What is to be recorded besides: the last rung does not help, or what a rung was measured to do. */
export type Note = Extract<DecisionBody, { action: 'THROTTLE_MAX' | 'HOLD' }>;

/** What a policy wants. Whether it can be done, and is, is decided by the ladder, the same for every policy. */
export type Move =
  | { move: 'to'; step: LadderStep; cause: 'pressure' | 'overload' | 'recovery'; reason: string; numbers: Numbers }
  | { move: 'end'; cause: 'pressure' | 'overload'; reason: string; numbers: Numbers }
  /** Something keeps the rung where it is: a record when it is new. */
  | { move: 'hold'; hold: HoldCode; reason: string; numbers: Numbers }
  | { move: 'stay'; reason: string };

export interface Judgement {
  move: Move;
  notes: readonly Note[];
}

/** The numbers behind a judgement. */
export function judgedNumbers({ look }: Draft): Judged {
  return {
    over: [...look.over],
    pressure: mapResources((r) => hundredths(look.pressure[r])),
    share: mapResources((r) => look.parts[r].share),
    part: mapResources((r) => look.parts[r].part),
    limit: look.limits,
  };
}

/** `cpu pressure 66 %, engine's part 31 (limit 20)`, for people. */
export function describe({ look, state }: Draft, resources: readonly Resource[]): string {
  if (state.options.policy !== 'classic') return describeParts(look.parts, look.limits, resources);
  return resources.map((r) => `${r} pressure ${percent(look.pressure[r])} (limit ${look.limits[r]})`).join('; ');
}

/** The same from the parts alone. */
export function describeParts(parts: Parts, limits: PerResource<number>, resources: readonly Resource[]): string {
  const one = (r: Resource) => {
    const { pressure, part } = parts[r];
    const own = part === null ? 'unknown' : String(Math.round(part));
    return `${r} pressure ${percent(pressure)}, engine's part ${own} (limit ${limits[r]})`;
  };
  return resources.map(one).join('; ');
}

const percent = (value: number | null) => (value === null ? 'unknown' : `${Math.round(value)} %`);
