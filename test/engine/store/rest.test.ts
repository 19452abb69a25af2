import { join } from 'node:path';
import { beatOver } from '@hybrid-soak/engine/store/beat.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { heartbeatAtRest } from '@hybrid-soak/engine/store/rest.ts';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { count, engine, folder, rows } from '../engine.ts';

t.test('at rest the heartbeat goes on while the main thread beats, and goes stale when it does not', async (t) => {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  t.teardown(() => db.close());
  db.exec(`INSERT INTO engine_status (id, pid, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection,
    sample_every, counters) VALUES (1, 1, 1, 1, 0, 0, 0, '', 1, '{}')`);
  const last = () => db.prepare('SELECT last_flush_ms FROM engine_status').pluck().get() as number;
  const beat = beatOver();
  const rest = heartbeatAtRest(db, beat, 20, (touch) => touch());
  beat.beat();
  await eventually(() => {
    const dueInMs = rest.look();
    return dueInMs > 0 && dueInMs <= 20 && last() > 1;
  });
  const commits = beat.commits();
  t.ok(commits > 0, 'the main thread sees them without a message');
  // No beat from here on: after a moment of grace there is no heartbeat either.
  let seen = last();
  let since = performance.now();
  await eventually(() => {
    rest.look();
    if (last() !== seen) since = performance.now();
    seen = last();
    return performance.now() - since > 500;
  });
  beat.beat();
  await eventually(() => {
    rest.look();
    return last() > seen;
  });
  t.pass('and it goes on with the next beat');
  rest.postpone();
  t.ok(rest.look() > 500, 'a commit was a heartbeat too, and the next one may be a little late');
});

t.test('an engine without a frame has a fresh heartbeat', async (t) => {
  const cwd = folder(t.testdir({}), [], '[engine]\ntick_interval_ms = 3600000\n');
  const { child, ended, logged } = engine(cwd, 'run');
  await logged('started');
  const last = () => rows<{ ms: number }>(cwd, 'SELECT last_flush_ms AS ms FROM engine_status')[0]?.ms ?? 0;
  for (let n = 0; n < 3; n++) {
    const before = last();
    await eventually(() => last() > before);
  }
  t.equal(count(cwd), 0);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});
