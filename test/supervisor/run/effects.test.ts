import { join } from 'node:path';
import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import { perform } from '@hybrid-soak/supervisor/run/effects.ts';
import type { UnitManager } from '@hybrid-soak/supervisor/unit/manager.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';

const CONFIG = '[engine]\nsample_every = 1\n';

/** A rung that is applied by a reload, which the manager passes on; what the engine says of itself is in the database. */
function reloaded(t: Pick<Test, 'testdir' | 'teardown'>, asked: () => void) {
  const folder = t.testdir({ 'config.toml': CONFIG });
  const db = new Database(join(folder, 'bot.db'));
  db.exec(Object.values(MIGRATIONS).join(''));
  t.teardown(() => db.close());
  const says = (every: number) =>
    db
      .prepare("INSERT OR REPLACE INTO engine_status VALUES (1, 42, 'a', 1, 1, 0, 0, 0, 'connected', ?, '{}')")
      .run(every);
  says(1);
  const manager = {
    async reload() {
      asked();
      return { ok: true, error: null, invocation_id: 'a', unit_pid: 42 };
    },
  } as unknown as UnitManager;
  const config = join(folder, 'config.toml');
  const runState = { config, original_text: CONFIG, written_text: null } as unknown as RunState;
  const actor = { manager, runState, runStatePath: join(folder, 'state.json'), db: join(folder, 'bot.db') };
  const outcome = perform({ id: 1, kind: 'set-rung', apply: 'reload', sample_every: 5 } as Effect, actor);
  return { outcome, says };
}

t.test('a reload is done when the engine says that it samples so', async (t) => {
  let told: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    told = resolve;
  });
  const { outcome, says } = reloaded(t, told);
  await asked;
  const early = await Promise.race([outcome, new Promise((resolve) => setTimeout(() => resolve('not yet'), 300))]);
  t.equal(early, 'not yet');
  says(5);
  t.match(await outcome, { ok: true, invocation_id: 'a' });
});

t.test('an engine that does not take a reload in is a failure, and what it samples by is said', async (t) => {
  const { outcome } = reloaded(t, () => {});
  t.match(await outcome, { ok: false, error: /reloaded, but after 10 s the engine still samples 1 in 1/ });
});
