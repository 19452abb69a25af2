import { closeSync, openSync } from 'node:fs';
import { type Vitals, vitalsSchema } from '@hybrid-soak/contract/vitals.ts';
import { processVitals } from '@hybrid-soak/engine/process/vitals.ts';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { engineWith, folder, rows } from './engine.ts';

const FAST = '[engine]\ntick_interval_ms = 5\n[storage]\nflush_interval_ms = 50\n';

function vitalsIn(cwd: string): Vitals {
  const [row] = rows<{ vitals: string | null }>(cwd, 'SELECT vitals FROM engine_status');
  return vitalsSchema.parse(JSON.parse(row?.vitals ?? '{}'));
}

t.test('every interval the heaps of both threads are collected, and what is left is reported', async (t) => {
  const cwd = folder(t.testdir({}), [], FAST);
  const { child, ended } = engineWith({ HYBRID_FLOOR_INTERVAL_MS: '200' }, cwd, 'run');
  const first = await eventually(() => vitalsIn(cwd).floor);
  const later = await eventually(() => {
    const { floor } = vitalsIn(cwd);
    return floor && floor.mono_ms > first.mono_ms && floor;
  });
  const MIB = 1024 ** 2;
  for (const { heap_bytes, private_bytes } of [first, later]) {
    t.ok(heap_bytes > 5 * MIB && heap_bytes < 60 * MIB, `${heap_bytes} bytes of two heaps`);
    t.ok(private_bytes > heap_bytes, `${private_bytes} bytes of the process`);
  }
  const { latency_us, loop_delay_p99_ms } = await eventually(() => {
    const seen = vitalsIn(cwd);
    return seen.latency_us && seen;
  });
  // A batch is open for 50 ms, and shorter if the flush before it was late.
  t.ok(
    latency_us &&
      latency_us.max >= 45_000 &&
      latency_us.p50 <= latency_us.p99 &&
      latency_us.p99 <= latency_us.max * 1.02,
    JSON.stringify(latency_us),
  );
  t.ok(loop_delay_p99_ms !== undefined && loop_delay_p99_ms >= 0);
  const { descriptors = 0, descriptor_limit = 0, sources, open_gaps } = vitalsIn(cwd);
  t.match(Object.values(sources ?? {}), [{ connected_ms: Number, reconnects: 0, failovers: 0 }], 'by source');
  t.same(open_gaps, []);
  t.ok(descriptors > 10 && descriptors < descriptor_limit, `${descriptors} of ${descriptor_limit} descriptors`);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('a wrong interval of floors is reported, and the usual one holds', async (t) => {
  const cwd = folder(t.testdir({}), [], FAST);
  const { child, ended, logged } = engineWith({ HYBRID_FLOOR_INTERVAL_MS: 'soon' }, cwd, 'run');
  await logged('HYBRID_FLOOR_INTERVAL_MS: soon is not an interval; valid: whole milliseconds from 100');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('a beat that comes a little early shows no value of the beat before', async (t) => {
  const ofProcess = processVitals(500);
  const before = ofProcess().descriptors ?? 0;
  const fd = openSync('/dev/null', 'r');
  t.equal(ofProcess().descriptors, before + 1);
  closeSync(fd);
});

t.test('what the first tick would wait for is left out on request', async (t) => {
  const ofProcess = processVitals(60_000);
  t.same(Object.keys(ofProcess(true)), ['cpu_usec']);
  t.match(ofProcess(), { private_bytes: Number, descriptors: Number, cpu_usec: Number });
});
