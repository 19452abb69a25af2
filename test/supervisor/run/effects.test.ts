import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import { perform } from '@hybrid-soak/supervisor/run/effects.ts';
import type { UnitManager } from '@hybrid-soak/supervisor/unit/manager.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { leftState } from '../run-state.ts';

const CONFIG = '[engine]\nsample_every = 1\n';

/** A rung of 1 in 5; the manager does what it is asked, and what the engine says of itself is in the database. */
function rung(t: Pick<Test, 'testdir' | 'teardown'>, apply: 'reload' | 'restart', pid: number) {
  const folder = t.testdir({ 'config.toml': CONFIG });
  const db = new Database(join(folder, 'bot.db'));
  db.exec(Object.values(MIGRATIONS).join(''));
  t.teardown(() => db.close());
  const insert = db.prepare(
    `INSERT OR REPLACE INTO engine_status (id, pid, invocation_id, started_ms, last_flush_ms, frames_received, ticks_written,
     drops, connection, sample_every, counters) VALUES (1, ?, 'a', 1, 1, 0, 0, 0, 'connected', ?, '{}')`,
  );
  const says = (from: number, every: number) => void insert.run(from, every);
  says(42, 1);
  let told: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    told = resolve;
  });
  const done = async () => {
    told();
    return { ok: true, error: null, invocation_id: 'a', unit_pid: pid };
  };
  const manager = { reload: done, restart: done } as unknown as UnitManager;
  const runState = leftState(join(folder, 'config.toml'), CONFIG);
  const actor = { manager, runState, runStatePath: join(folder, 'state.json'), db: join(folder, 'bot.db') };
  const outcome = perform({ id: 1, kind: 'set-rung', apply, sample_every: 5 } as Effect, actor);
  const early = async () => {
    await asked;
    return Promise.race([outcome, new Promise((resolve) => setTimeout(() => resolve('not yet'), 300))]);
  };
  return { outcome, early, says };
}

t.test('a reload is done when the engine says that it samples so', async (t) => {
  const { outcome, early, says } = rung(t, 'reload', 42);
  t.equal(await early(), 'not yet');
  says(42, 5);
  t.match(await outcome, { ok: true, invocation_id: 'a' });
});

t.test('a restart is done when the new process says so: what the one before had said does not count', async (t) => {
  const { outcome, early, says } = rung(t, 'restart', 43);
  says(42, 5);
  t.equal(await early(), 'not yet');
  says(43, 1);
  t.equal(await early(), 'not yet');
  says(43, 5);
  t.match(await outcome, { ok: true });
});

t.test('an engine that reads another config is a failure, and what it samples by is said', async (t) => {
  const { outcome } = rung(t, 'reload', 42);
  t.match(await outcome, { ok: false, error: /not in force after 10 s: the engine still samples 1 in 1/ });
});
