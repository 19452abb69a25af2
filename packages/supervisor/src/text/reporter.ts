import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { printable, printableLines } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { numbersOf } from '@hybrid-soak/report/numbers.ts';
import { clockText, type Zone } from '@hybrid-soak/report/stamp.ts';
import type { Verdict } from '../core/step.ts';
import { formatDuration } from './duration.ts';

/** What a person sees of a running soak. */
export interface Reporter {
  note(text: string): void;
  /** What was asked for, escaped already: shown also where progress is not. */
  answer(text: string): void;
  decision(record: Decision): void;
  observation(observation: Observation, verdict: Verdict): void;
  /** Leaves the terminal as it was found; nothing is shown after it but notes. */
  end(): void;
}

const HEARTBEAT_MS = 60_000;

/** One line a decision and one a minute, on stderr: for pipes, journals and plain terminals. */
export function lineReporter(quiet: boolean, zone: Zone, out: NodeJS.WritableStream = process.stderr): Reporter {
  const say = (line: string) => {
    if (!quiet) out.write(`${line}\n`);
  };
  let first: number | null = null;
  let lastBeat = 0;
  return {
    note: (text) => say(printableLines(text)),
    answer: (text) => void out.write(`${text}\n`),
    // One line each, whatever is in it: else somebody's text would pass for a record.
    decision: (record) => say(printable(decisionText(record, zone))),
    observation(observation, verdict) {
      first ??= observation.mono_ms;
      if (observation.mono_ms - lastBeat < HEARTBEAT_MS && lastBeat !== 0) return;
      lastBeat = observation.mono_ms;
      const rows = observation.progress.available ? observation.progress.value.ticks_count : 'unknown';
      const parts = [
        `${formatDuration((observation.mono_ms - first) / 1000)} in`,
        ...pressureText(observation, verdict),
        `${rows} rows`,
        verdict.reason,
      ];
      say(printable(`${clockText(Date.parse(observation.wall), zone)}  ${parts.join(', ')}`));
    },
    end() {},
  };
}

/** A decision as one line; the baseline of CALIBRATED stands in its numbers alone. */
export function decisionText(record: Decision, zone: Zone): string {
  const { timestamp, state, current_sample_every, action, reason } = record;
  const every = `1/${String(current_sample_every).padEnd(3)}`;
  const numbers = action === 'CALIBRATED' ? ` (${numbersOf(record)})` : '';
  return `${clockText(Date.parse(timestamp), zone)}  ${state.padEnd(9)} ${every} ${action.padEnd(21)} ${reason}${numbers}`;
}

/** Stall time per resource; nothing of one that is not measured yet: a rate needs two sights. */
function pressureText({ psi }: Observation, { pressure }: Verdict): string[] {
  const parts = RESOURCES.flatMap((resource) => {
    const value = pressure[resource];
    if (value !== null) return [`${resource} ${value.toFixed(0)}%`];
    return psi[resource].available ? [] : [`${resource} unavailable`];
  });
  return parts.length === 0 ? [] : [`PSI ${parts.join(' ')}`];
}
