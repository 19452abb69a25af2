import { fstatSync, statSync } from 'node:fs';
import { RUNGS, SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import { stampText, type Zone } from '@hybrid-soak/report/stamp.ts';
import { wrapped } from '@hybrid-soak/report/terminal/line.ts';
import { describeParts } from '../../core/ladder/move.ts';
import { formatDuration } from '../../text/duration.ts';
import type { Status } from './gather.ts';

/** What `soak status` prints. On a terminal no line is longer than it is wide; a pipe gets each in one piece. */
export function statusText(status: Status, zone: Zone): string {
  const columns = terminalColumns();
  return linesOf(status, zone)
    .map(printable)
    .flatMap((line) => (columns === null ? line : wrapped(line, columns, INDENT)))
    .join('\n');
}

/** Null if stdout is none, which process.stdout says too, but only with Node's streams. */
function terminalColumns(): number | null {
  const out = fstatSync(1);
  const isNull = out.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev;
  return out.isCharacterDevice() && !isNull ? process.stdout.columns || null : null;
}

/** Where a line's text begins. */
const INDENT = 10;

function linesOf(status: Status, zone: Zone): string[] {
  const { last_decision: last, unit, heartbeat } = status;
  const beat = heartbeat.available
    ? `${beatText(heartbeat.value)}, ${heartbeat.value.ticks_written} ticks written, ${heartbeat.value.drops} dropped`
    : heartbeat.why;
  return [
    `soak      ${soakText(status, zone)}`,
    `rung      ${RUNGS.find((rung) => SAMPLE_EVERY[rung] === status.sample_every) ?? 'none of the ladder'}, sample_every ${status.sample_every}`,
    `last      ${last === null ? 'no decision yet' : `${at(last.timestamp, zone)} ${last.action}: ${last.reason}`}`,
    ...(status.parts === null ? [] : [`pressure  ${describeParts(status.parts, status.limit, RESOURCES)}`]),
    `unit      ${unit.available ? `${unit.value.active_state} (${unit.value.sub_state}), pid ${unit.value.main_pid}, ${unit.value.n_restarts} restarts` : unit.why}`,
    `engine    ${beat}`,
    `log       ${status.decisions}`,
  ];
}

/** Nothing is connected any more if the last heartbeat is a stop, or old. */
function beatText({
  age_ms,
  connection,
  connection_state,
}: {
  age_ms: number;
  connection: string;
  connection_state?: string | undefined;
}) {
  const ago = `${formatDuration(age_ms / 1000)} ago`;
  if (connection_state === 'stopped' || connection === 'stopped') return `stopped ${ago}`;
  return age_ms > HEARTBEAT_OLD_MS
    ? `no heartbeat since ${ago}, then ${connection}`
    : `heartbeat ${ago}, ${connection}`;
}

/** The engine writes its heartbeat at least every second. */
const HEARTBEAT_OLD_MS = 10_000;

const at = (stamp: string, zone: Zone) => stampText(stampMs(stamp), zone);

function soakText(status: Status, zone: Zone): string {
  const { soak, to_restore, began, engine_start, duration_s, last_decision } = status;
  if (soak === null) {
    if (to_restore) return 'none running; an interrupted one waits for `soak restore`';
    if (last_decision === null) return 'none running';
    return `none running; the last one began ${began === null ? 'at an unknown time' : at(began, zone)}`;
  }
  if (duration_s === null) return soak;
  const asked = formatDuration(Number(duration_s));
  if (engine_start === null) return `${soak}, 0s of ${asked}: the time begins with the engine's start`;
  const elapsed = (Date.now() - stampMs(engine_start)) / 1000;
  return `${soak}, ${formatDuration(Math.min(Number(duration_s), elapsed))} of ${asked}`;
}
