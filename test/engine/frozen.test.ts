import { serve } from '@hybrid-soak/feed/serve.ts';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { count, engine, folder, logLines, rows } from './engine.ts';

t.test(
  'an engine that was frozen is not overloaded when it wakes, and does not trade on what waited for it',
  async (t) => {
    const feed = await serve({ port: 0, host: '127.0.0.1', rate: 300, seed: 7 });
    t.teardown(() => feed.close());
    const url = `ws://127.0.0.1:${feed.port}/ws/btcusdt@trade`;
    // Longer than a disk stalls, shorter than the engine is frozen.
    const deadlines = 'overload_deadline_s = 10\ngarbage_deadline_s = 10\n';
    const rules = `ingest_mode = "realws"\nstale_after_ms = 1000\n${deadlines}`;
    const cwd = folder(t.testdir({}), [url], `[engine]\n${rules}`);
    const { child, ended } = engine(cwd, 'run');
    await eventually(() => count(cwd) > 200);
    child.kill('SIGSTOP');
    const sent = feed.sent();
    await eventually(() => feed.sent() > sent + 3600);
    child.kill('SIGCONT');
    const stale = "SELECT 1 FROM orders WHERE state = 'VETOED' AND reason LIKE 'STALE_DATA: tick received % ms ago'";
    await eventually(() => rows(cwd, stale).length > 0);
    const last = rows<{ n: number }>(cwd, "SELECT MAX(id) AS n FROM orders WHERE reason LIKE 'STALE%'")[0]?.n;
    await eventually(() => rows(cwd, `SELECT 1 FROM orders WHERE id > ${last} AND state = 'NEW'`).length > 0);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    t.equal(code, 0, stdout);
    t.match(logLines(stdout).at(-1), { msg: 'stopped', unaccounted: 0, dropped: 0 });
    t.same(rows(cwd, 'SELECT * FROM gaps'), [], 'nothing was lost');
  },
);
