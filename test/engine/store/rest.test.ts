import { startWriter, type Writer } from '@hybrid-soak/engine/store/writer.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { count, database, engine, folder, rows } from '../engine.ts';

const RULES = {
  quarantineMaxRows: 10,
  retainMs: null,
  recover: false,
  patienceMs: 1000,
  startedMs: 1,
  invocationId: null,
  flushIntervalMs: 500,
  ownStamps: false,
  minFreeMb: 0,
};

t.test('at rest the heartbeat goes on while the main thread beats, and goes stale when it does not', async (t) => {
  const path = database(t.testdir({ data: {} }));
  const events = { retrying: () => {}, note: () => {}, failed: (error: Error) => t.fail(error.message) };
  const writer: Writer = await startWriter({ ...RULES, path }, events);
  const db = new Database(path);
  t.teardown(() => db.close());
  db.exec(`INSERT INTO engine_status (id, pid, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection,
    sample_every, counters) VALUES (1, 1, 1, 1, 0, 0, 0, '', 1, '{}')`);
  const last = () => db.prepare('SELECT last_flush_ms FROM engine_status').pluck().get() as number;
  await eventually(() => {
    writer.beat(performance.now());
    return last() > 1;
  });
  t.ok(writer.commits() > 0, 'the main thread sees them without a message');
  // What the last beat called for may come now.
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1000));
  await pause();
  let seen = last();
  await pause();
  t.equal(last(), seen, 'no beat, no heartbeat');
  for (let n = 0; n < 2; n++) {
    seen = last();
    await eventually(() => {
      writer.beat(performance.now());
      return last() > seen;
    });
    t.ok(last() - seen >= 250, `not more often than it is due: after ${last() - seen} ms`);
  }
  await writer.close({ reason: 'signal', exitCode: 0, totals: '{}' });
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
