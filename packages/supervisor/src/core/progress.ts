import type { HeartbeatReading } from '@hybrid-soak/contract/sample.ts';
import type { Draft } from './records.ts';
import type { Frames } from './stall-memory.ts';
import type { State } from './state.ts';

/** Takes in what the probe saw. Progress alone stops the stall clock; a restart does not. */
export function trackProgress({ state, observation }: Draft): void {
  trackHeartbeat(state, observation.heartbeat);
  if (!observation.progress.available) return;
  const { stall, clock } = state;
  const { new_rows, ticks_count, last_tick_ts } = observation.progress.value;
  stall.readable = true;
  stall.ticksStart ??= ticks_count - new_rows;
  stall.ticksCount = ticks_count;
  stall.lastTickTs = last_tick_ts;
  if (new_rows <= 0) return;
  stall.lastProgress = clock.now;
  stall.framesAtRow = framesOf(observation.heartbeat);
  stall.declared = false;
  stall.streak = 0;
  stall.open = false;
  stall.heldSince = null;
  stall.quiet = null;
  stall.quietUntil = null;
  stall.seenAgainAt = null;
}

function trackHeartbeat({ stall, clock }: State, heartbeat: HeartbeatReading): void {
  if (!heartbeat.available) return;
  const { pid, last_flush_ms: flush, age_ms } = heartbeat.value;
  const before = stall.heartbeat;
  if (before?.flush === flush) return;
  if (before === null) stall.heartbeat = { pid, flush, movedAt: clock.now - Math.max(0, age_ms) };
  // A fresh process writes its row at once: having started is not proof of life, or a crash loop would pass for a slow engine.
  else stall.heartbeat = { pid, flush, movedAt: pid === before.pid ? clock.now : before.movedAt };
}

/** Null for heartbeats of earlier versions, which do not count them. */
export function framesOf(heartbeat: HeartbeatReading): Frames | null {
  if (!heartbeat.available) return null;
  const { pid, trade_frames_kept: kept, trade_frames_sampled_out: sampledOut } = heartbeat.value;
  return typeof kept === 'number' && typeof sampledOut === 'number' ? { pid, kept, sampledOut } : null;
}
