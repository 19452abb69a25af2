import { unavailable } from '@hybrid-soak/contract/reading.ts';
import type { UnitReading } from '@hybrid-soak/contract/sample.ts';
import { startTimeOf } from '../adapters/process.ts';
import type { Outcome, UnitManager } from './manager.ts';
import { settled } from './settle.ts';
import { parseShow, SHOWN } from './show.ts';
import { type Called, type Scope, systemctl } from './systemctl.ts';

const FRESH_MS = 30_000;

/** The unit under a real systemd; this process never spawns the engine. `timeoutMs` bounds a start, stop or restart. */
export function systemdUnit(scope: Scope, unit: string, why: string, timeoutMs = 90_000): UnitManager {
  let last: { reading: UnitReading; at: number; mark: string | null } | null = null;

  const ask = async (): Promise<UnitReading> => {
    const called = await systemctl(scope, ['show', unit, '-p', SHOWN]);
    return called.ok ? parseShow(called.stdout, unit) : unavailable(called.error);
  };

  const act = async (verb: 'start' | 'stop' | 'restart' | 'reload'): Promise<Outcome> => {
    await settled(scope, unit);
    const before = await ask();
    last = null;
    if (before.available && before.value.active_state === 'failed' && verb !== 'stop')
      await systemctl(scope, ['reset-failed', unit]);
    const called = await systemctl(scope, [verb, unit], timeoutMs);
    const after = await ask();
    last = null;
    return verify(verb, called, before, after);
  };

  return {
    name: scope,
    why,
    /** Asks systemd only when the main process has moved, and every 30 s: a quiet tick spawns nothing. */
    async show(fresh = false) {
      const now = performance.now();
      const value = last?.reading.available ? last.reading.value : null;
      if (!fresh && last !== null && value !== null && value.active_state === 'active' && now - last.at < FRESH_MS) {
        if (startTimeOf(value.main_pid) === last.mark) return last.reading;
      }
      const reading = await ask();
      last = { reading, at: now, mark: startTimeOf(reading.available ? reading.value.main_pid : 0) };
      return reading;
    },
    settle: (note) => settled(scope, unit, note),
    start: () => act('start'),
    stop: () => act('stop'),
    restart: () => act('restart'),
    reload: () => act('reload'),
    async release() {},
  };
}

function verify(verb: string, called: Called, before: UnitReading, after: UnitReading): Outcome {
  const value = after.available ? after.value : null;
  const seen = { invocation_id: value?.invocation_id ?? null, unit_pid: value?.main_pid ?? null };
  if (!called.ok) return { ok: false, error: called.error, ...seen };
  if (value === null) return { ok: false, error: after.available ? null : after.why, ...seen };
  const { active_state: state, sub_state: sub, result } = value;
  if (verb === 'stop') {
    const ok = state === 'inactive' || state === 'failed';
    return { ok, error: ok ? null : `still ${state} (${sub})`, ...seen };
  }
  if (state !== 'active') return { ok: false, error: `${state} (${sub}), result ${result}`, ...seen };
  const old = before.available ? before.value.invocation_id : null;
  if (verb === 'restart' && old !== null && old === value.invocation_id)
    return { ok: false, error: 'the invocation is still the old one', ...seen };
  return { ok: true, error: null, ...seen };
}
