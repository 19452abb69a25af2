/// <reference lib="dom" />
import type { PageData } from '../page-data.ts';
import { COLUMNS } from '../series.ts';
import { numberText, spanText, tile } from './dom.ts';

/** Of the soak's own time, which begins with the engine's first start. Seconds; null if not known. */
export function timesOf({ decisions, points }: PageData, now: number | null) {
  const startup = decisions.find(({ action }) => action === 'STARTUP');
  const wasRunning = startup?.record.was_running === true;
  // The earlier tool did not say.
  const isKnown = startup?.record.was_running !== undefined;
  const started = decisions.find(({ action }) => action === 'ENGINE_START')?.t;
  // Without a STARTUP, in the earlier tool's logs, the time is the span of the records.
  const begun = wasRunning || !isKnown ? (startup ?? decisions[0])?.t : started;
  const duration = typeof startup?.record.duration_s === 'number' ? startup.record.duration_s : null;
  const last = Math.max(decisions.at(-1)?.t ?? 0, (points[0] as number[] | undefined)?.at(-1) ?? 0);
  const elapsed = begun === undefined ? null : Math.max(0, (now ?? last) - begun);
  return { elapsed: elapsed === null || duration === null ? elapsed : Math.min(elapsed, duration), duration, last };
}

/** `12m 3s of 2h 0m, 1h 47m left`. */
export function progressText(data: PageData, now: number | null): string {
  const { elapsed, duration } = timesOf(data, now);
  if (elapsed === null) return 'the time begins with the start of the engine';
  if (duration === null) return spanText(elapsed);
  return `${spanText(elapsed)} of ${spanText(duration)}, ${spanText(Math.max(0, duration - elapsed))} left`;
}

/** What a rung leaves of the frames; empty if that is not known. */
export function keptText(every: number | null): string {
  if (every === null) return '';
  return every === 1 ? 'every frame kept' : `1 of ${every} frames kept`;
}

export const expectedText = (rate: number | null): string[] =>
  rate === null ? [] : [`${numberText(rate)}/s expected`];

/** The threshold that a count is judged by, as the run was asked for. */
export function atMost({ policy }: PageData, name: string): string {
  const most = policy.find(([key]) => key === name)?.[1];
  return most === undefined ? 'not judged' : `at most ${most}`;
}

export const lastRowText = (sinceS: number | null, stallS: number | null): string =>
  sinceS === null
    ? 'no time of a row in the log'
    : `last ${numberText(sinceS)} s ago${stallS === null ? '' : ` (stall ${stallS})`}`;

/** The numbers of a run that has no summary: going on, cut off, or aborted. `now` null: as of its last record. */
export function soFarTiles(data: PageData, now: number | null): HTMLElement[] {
  const { decisions, points, limits, baseline, stallThresholdS } = data;
  const at = (column: (typeof COLUMNS)[number]) =>
    (points[COLUMNS.indexOf(column)] as (number | null)[] | undefined)?.findLast((value) => value !== null) ?? null;
  const count = (action: string) => decisions.filter((decision) => decision.action === action).length;
  const last = decisions.at(-1);
  const { elapsed, duration, last: seen } = timesOf(data, now);
  const pressures = (['cpu', 'memory', 'io'] as const).map((resource) => {
    const part = at(`${resource}_part`);
    const limit = limits?.[resource];
    const yardsticks = [
      typeof limit === 'number' ? `limit ${limit}` : 'no limit in the log',
      `pressure ${numberText(at(resource))} %`,
      ...(typeof baseline?.[resource] === 'number' ? [`${numberText(baseline[resource])} without it`] : []),
    ];
    const tone =
      part === null || typeof limit !== 'number' ? '' : part > limit ? 'bad' : part > 0.8 * limit ? 'near' : '';
    return tile(
      `${resource}, engine's part`,
      part === null ? 'unknown' : `${numberText(part)} %`,
      yardsticks.join(' · '),
      tone,
    );
  });
  // Of a run that is going on, the headline has them.
  const atItsEnd = [
    tile(
      'elapsed',
      elapsed === null ? 'not begun' : spanText(elapsed),
      duration === null ? '' : `of ${spanText(duration)}`,
    ),
    tile('rung', last?.rung ?? '?', keptText(last?.every ?? null)),
  ];
  return [
    ...(now === null ? atItsEnd : []),
    ...pressures,
    tile(
      'rows',
      `${numberText(at('ticks_per_s'))}/s`,
      [...expectedText(at('expected_per_s')), lastRowText(at('since_row'), stallThresholdS)].join(' · '),
    ),
    tile('stalls', String(count('STALL')), atMost(data, 'max_stalls')),
    tile('restarts', String(count('ENGINE_RESTART')), atMost(data, 'max_restarts')),
    tile('engine exits', String(count('ENGINE_EXIT')), atMost(data, 'max_engine_exits')),
    ...(last === undefined
      ? []
      : [
          tile(
            'last decision',
            last.action,
            `${spanText(Math.max(0, (now ?? seen) - last.t))} ${now === null ? 'before the end' : 'ago'}: ${last.means.split('; do: ')[0]}`,
            'wide',
          ),
        ]),
  ];
}
