import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { downsample, point } from '@hybrid-soak/report/downsample.ts';
import { escapeJson } from '@hybrid-soak/report/escape-json.ts';
import { COLUMNS, rowsOf } from '@hybrid-soak/report/series.ts';
import { parseObservation, sightOf } from '@hybrid-soak/report/sight.ts';
import fc from 'fast-check';
import t from 'tap';
import { EVIL, observationAt } from './fixture.ts';

const at = (row: number[]) => Object.fromEntries(COLUMNS.map((name, index) => [name, point(row[index])]));
const blind = { available: false as const, why: 'a "quoted" reason' };

t.test('rates are taken over the window; a blind sensor is unknown, never zero', (t) => {
  const row = rowsOf(10);
  t.match(at(row(sightOf(observationAt(0)))), { cpu: null, ticks_per_s: null, engine_memory: 64, since_row: 0 });
  for (let second = 1; second < 20; second++) row(sightOf(observationAt(second)));
  t.match(at(row(sightOf(observationAt(20)))), {
    cpu: 30,
    io: 5,
    engine_cpu_stall: 15,
    ticks_per_s: 100,
    expected_per_s: 100,
    engine_cpu_time: 40,
    host_cpu_time: 150,
    heartbeat_age: 0.12,
  });
  const unseen = at(row(sightOf(observationAt(21, { cgroup: blind, progress: blind, heartbeat: blind }))));
  t.match(unseen, { cpu: 30, engine_cpu_stall: null, engine_memory: null, ticks_per_s: null, since_row: 1 });
  t.equal(at(row(sightOf(observationAt(22))))['engine_cpu_time'], null, 'a lost window starts again');
  t.end();
});

/** An engine without a cgroup of its own, and its process where the supervisor writes it. */
const beside = (second: number, process: NonNullable<Observation['process']>): Observation => {
  const { unit, config, outcomes, requests, ...seen } = observationAt(second);
  return { ...seen, cgroup: { available: false, why: 'none' }, process, unit, config, outcomes, requests };
};

t.test('an engine without a cgroup of its own is drawn by its process', (t) => {
  const row = rowsOf(10);
  const seen = (second: number) =>
    at(row(sightOf(beside(second, { available: true, value: { cpu_usec: second * 5e5, memory_bytes: 8 << 20 } }))));
  seen(0);
  t.match(seen(2), { engine_memory: 8, engine_cpu_time: 50, engine_cpu_stall: null });
  t.end();
});

t.test('a heartbeat that an earlier process left is not drawn as the age of this one', (t) => {
  const row = rowsOf(10);
  const beat = observationAt(0).heartbeat;
  const aged = (age_ms: number) => ({
    heartbeat: beat.available ? { ...beat, value: { ...beat.value, age_ms } } : beat,
  });
  t.equal(at(row(sightOf(observationAt(0, aged(700_000)))))['heartbeat_age'], null);
  t.equal(at(row(sightOf(observationAt(5, aged(705_000)))))['heartbeat_age'], null);
  t.equal(at(row(sightOf(observationAt(10, aged(200)))))['heartbeat_age'], 0.2);
  t.equal(at(row(sightOf(observationAt(60, aged(50_000)))))['heartbeat_age'], 50, 'one that stopped in the run is');
  t.end();
});

t.test('a line of the samples file is an observation, in any order of its fields; other lines are not', (t) => {
  const reordered = { ...observationAt(7), v: undefined, run_id: EVIL };
  const parsed = parseObservation(JSON.stringify({ ...reordered, v: 1 }));
  t.same(parsed === null ? null : sightOf(parsed), sightOf(observationAt(7)));
  for (const line of ['', '{', 'null', '[]', '{"v":2}', JSON.stringify(observationAt(8)).slice(0, -9)])
    t.equal(parseObservation(line), null, line.slice(0, 20));
  t.end();
});

t.test('downsampling keeps every extreme and the order of time', (t) => {
  const value = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, fc.constant(Number.NaN));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), fc.integer({ min: 2, max: 60 }), (values, most) => {
      const [x, y] = downsample([values.map((_, index) => index), values], most) as [number[], (number | null)[]];
      const seen = values.filter((v) => !Number.isNaN(v));
      const kept = y.filter((v) => v !== null);
      const extremes = (of: number[]) => [Math.min(...of), Math.max(...of)];
      return (
        x.length === y.length &&
        x.length <= most &&
        x.every((t, index) => index === 0 || t >= (x[index - 1] as number)) &&
        JSON.stringify(extremes(seen)) === JSON.stringify(extremes(kept))
      );
    }),
  );
  t.end();
});

t.test('embedded JSON means the same and holds nothing that any parser could take for markup', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = escapeJson([value, EVIL]);
      return !/[<>&\u2028\u2029]/.test(text) && JSON.stringify(JSON.parse(text)) === JSON.stringify([value, EVIL]);
    }),
  );
  t.end();
});
