import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Trace } from '../drive.ts';
import type { Second } from '../world.ts';

/** The engine's part as it really was, mean of ten seconds of one life, percent; null while it starts and 10 s after. */
export type TruePart = Record<Resource, number | null>;

const WINDOW = 10;
const KEYS = { cpu: 'cpuPart', memory: 'memoryPart', io: 'ioPart' } as const;

/** Several rules ask for the same trace. */
const known = new WeakMap<Trace, TruePart[]>();

/** One entry a second, at index `ms / 1000 - 1`. */
export function trueParts(trace: Trace): TruePart[] {
  const parts = known.get(trace) ?? compute(trace);
  known.set(trace, parts);
  return parts;
}

function compute({ seconds }: Trace): TruePart[] {
  let since = 0;
  const sums = { cpu: 0, memory: 0, io: 0 };
  return seconds.map((second, i) => {
    if (second.starting) since = i + 1;
    const parts: TruePart = { cpu: null, memory: null, io: null };
    for (const resource of RESOURCES) {
      if (second.starting) sums[resource] = 0;
      else sums[resource] += second[KEYS[resource]];
      if (i - since >= WINDOW) sums[resource] -= (seconds[i - WINDOW] as Second)[KEYS[resource]];
      if (i - since >= WINDOW) parts[resource] = sums[resource] / WINDOW;
    }
    return parts;
  });
}

export const limitsOf = ({ scenario }: Trace): Record<Resource, number> => {
  const { cpu_limit, memory_limit, io_limit } = scenario.options.parameters;
  return { cpu: cpu_limit, memory: memory_limit, io: io_limit };
};

/** The highest true part within two moments, ms, as a share of its limit; 0 if none is known. */
export function highest(
  parts: readonly TruePart[],
  limits: Record<Resource, number>,
  from: number,
  to: number,
): number {
  let most = 0;
  for (let i = Math.max(0, Math.floor(from / 1000) - 1); i < Math.min(parts.length, Math.ceil(to / 1000)); i++)
    for (const resource of RESOURCES) most = Math.max(most, ((parts[i] as TruePart)[resource] ?? 0) / limits[resource]);
  return most;
}
