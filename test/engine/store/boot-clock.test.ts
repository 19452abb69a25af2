import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { count, engineWith, folder, rows } from '../engine.ts';

const PRELOAD = new URL('./clock-ahead.ts', import.meta.url).href;
const DAY = 86_400_000;

t.test('a clock of 1971 at the start, set right later, makes no interval of 20,000 days', async (t) => {
  const cwd = folder(t.testdir({}), [], '[engine]\ntick_interval_ms = 5\n[storage]\nflush_interval_ms = 50\n');
  const daysTo1971 = -Math.round((Date.now() - Date.UTC(1971, 0, 1)) / DAY);
  const rightFile = join(cwd, 'right');
  const env = {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    CLOCK_AHEAD_DAYS: String(daysTo1971),
    CLOCK_RIGHT_FILE: rightFile,
  };
  const { child, ended, logged } = engineWith(env, cwd, 'run');
  await logged('started');
  // A trade of 1971 makes no row.
  await eventually(() => count(cwd, 'coverage') > 0);
  const rightAtMs = Date.now();
  writeFileSync(rightFile, '');
  t.match(await logged('the clock has jumped'), { by_s: Number });
  const before = count(cwd);
  await eventually(() => count(cwd) > before + 20);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
  const intervals = rows<{ from_ms: number; to_ms: number }>(cwd, 'SELECT * FROM coverage ORDER BY id');
  t.ok(intervals.length >= 2, 'one by each time');
  for (const { from_ms, to_ms } of intervals) t.ok(to_ms >= from_ms && to_ms - from_ms < 3_600_000);
  t.ok((intervals.at(-1)?.from_ms ?? 0) >= rightAtMs - 1000);
  const [life] = rows<{ ran_ms: number }>(cwd, 'SELECT ran_ms FROM engine_lives');
  t.ok(life !== undefined && life.ran_ms < 3_600_000);
  const [status] = rows<{ vitals: string }>(cwd, 'SELECT vitals FROM engine_status');
  t.match(JSON.parse(status?.vitals ?? '{}'), { reconnects: 0, failovers: 0, connected_ms: Number, unaccounted: 0 });
});
