import { ALL_COLUMNS, rowsOf } from '@hybrid-soak/report/series.ts';
import { sightOf } from '@hybrid-soak/report/sight.ts';
import { trendsOf } from '@hybrid-soak/report/trends.ts';
import t from 'tap';
import { observationAt } from './fixture.ts';

const MIB = 1024 ** 2;
const drift = (signal: 'private_memory' | 'database', slope: number) => ({
  ...{ signal, unit: '', slope, low: slope - 1, high: slope + 1, points: 20, drift: false },
  ...{ threshold: null, limit_in_h: null, text: 'as told' },
});

/** Two hours at a floor each five minutes: 50 MiB and 6 MiB/h; `level` is added from 1 h on. */
function columnsOf(level: number, life: (second: number) => string, every: (second: number) => number) {
  const row = rowsOf(10);
  const columns: number[][] = ALL_COLUMNS.map(() => []);
  for (let second = 0; second < 7200; second += 10) {
    const seen = observationAt(second);
    if (!seen.heartbeat.available) continue;
    const at = second - (second % 300);
    const mib = 50 + (6 * at) / 3600 + (second >= 3600 ? level : 0);
    const floor = { mono_ms: at * 1000, heap_bytes: 0, private_bytes: mib * MIB };
    seen.heartbeat.value = {
      ...seen.heartbeat.value,
      ...{ vitals: { floor }, invocation_id: life(second), sample_every: every(second) },
    };
    row(sightOf(seen)).forEach((value, index) => void columns[index]?.push(value));
  }
  return columns;
}

t.test('a slope is laid through its floors after the warm-up, with a band that is narrow in the middle', async (t) => {
  const [trend] = trendsOf(
    [drift('private_memory', 6)],
    columnsOf(
      0,
      () => 'a',
      () => 1,
    ),
    7200,
  );
  t.match(trend, { column: 'private_floor', text: 'as told' });
  const [line] = trend?.lines ?? [];
  t.equal(trend?.lines.length, 1);
  const hours = ((line?.t[1] ?? 0) - (line?.t[0] ?? 0)) / 3600;
  t.equal(hours.toFixed(2), (100 / 60).toFixed(2), 'from 15 min to 115 min');
  t.equal(line?.y[0].toFixed(2), '51.50');
  t.equal(line?.y[1].toFixed(2), '61.50');
  t.equal(((line?.high[1] ?? 0) - (line?.low[1] ?? 0)).toFixed(2), hours.toFixed(2), '1 MiB/h each way, half the time');
});

t.test('a life, a rung and a step each break the line; what is too little has none', async (t) => {
  const lines = (columns: number[][]) => trendsOf([drift('private_memory', 6)], columns, 7200)[0]?.lines.length;
  t.equal(
    lines(
      columnsOf(
        0,
        (second) => (second < 3600 ? 'a' : 'b'),
        () => 1,
      ),
    ),
    2,
  );
  t.equal(
    lines(
      columnsOf(
        0,
        () => 'a',
        (second) => (second < 3600 ? 1 : 5),
      ),
    ),
    2,
  );
  t.equal(
    lines(
      columnsOf(
        20,
        () => 'a',
        () => 1,
      ),
    ),
    2,
  );
  t.equal(
    lines(
      columnsOf(
        0,
        (second) => String(Math.floor(second / 900)),
        () => 1,
      ),
    ),
    undefined,
  );
  t.same(trendsOf([{ ...drift('private_memory', 6), slope: null, low: null, high: null }], [], 7200), []);
});

t.test('the database grows by rows: its line is in MiB over time', async (t) => {
  const [trend] = trendsOf(
    [drift('database', 80)],
    columnsOf(
      0,
      () => 'a',
      () => 1,
    ),
    7200,
  );
  const [line] = trend?.lines ?? [];
  const perSecond = ((line?.y[1] ?? 0) - (line?.y[0] ?? 0)) / ((line?.t[1] ?? 0) - (line?.t[0] ?? 0));
  t.equal((perSecond * MIB).toFixed(0), '8000', '100 rows a second of 80 bytes');
});
