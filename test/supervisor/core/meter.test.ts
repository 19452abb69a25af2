import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { Parts } from '@hybrid-soak/contract/sample.ts';
import { newMeter, partsOf, type Sensed, takeSample } from '@hybrid-soak/supervisor/core/look/meter.ts';
import t from 'tap';

/** What happens in one second: stall and waits in percent of wall time, CPU use in percent of one CPU, of two CPUs. */
interface Second {
  cpu?: number;
  memory?: number;
  io?: number;
  engine?: number;
  others?: number;
  throttled?: number;
  ownWait?: number;
  ownMemory?: number;
  engineBytes?: number;
  othersBytes?: number;
  engineOps?: number;
  othersOps?: number;
  invocation?: string;
}

const psi = (total: number) => {
  const line = { raw: '', avg10: 0, avg60: 0, avg300: 0, total };
  return available({ some: line, full: line });
};

/** The parts after those seconds, sampled every `every`-th of them. */
function parts(seconds: Second[], { every = 1, cgroup = true } = {}): Parts {
  const sum: Record<string, number> = {};
  const add = (key: string, by = 0) => {
    sum[key] = (sum[key] ?? 0) + by;
  };
  let meter = newMeter();
  const sense = (at: number, invocation = 'a'): Sensed => ({
    mono_ms: at * 1000,
    psi: { cpu: psi(sum['cpu'] ?? 0), memory: psi(sum['memory'] ?? 0), io: psi(sum['io'] ?? 0) },
    cgroup: cgroup
      ? available({
          cpu: psi(sum['ownWait'] ?? 0),
          memory: psi(sum['ownMemory'] ?? 0),
          io: psi(0),
          usage_usec: sum['engine'] ?? 0,
          nr_throttled: 0,
          throttled_usec: sum['throttled'] ?? 0,
          memory_bytes: 1,
          memory_in_use_bytes: 300,
          io_bytes: sum['engineBytes'] ?? 0,
          io_ops: sum['engineOps'] ?? 0,
        })
      : unavailable('no cgroup'),
    host_cpu: available({ busy_usec: sum['busy'] ?? 0, idle_usec: sum['idle'] ?? 0, cpus: 2 }),
    host_io: available({ bytes: sum['bytes'] ?? 0, ops: sum['ops'] ?? 0 }),
    host_memory: available({ total_bytes: 1000, in_use_bytes: 600 }),
    unit: available({
      active_state: 'active',
      sub_state: 'running',
      result: 'success',
      main_pid: 1,
      invocation_id: invocation,
      n_restarts: 0,
      exec_main_status: null,
      exec_main_code: 0,
      control_group: null,
    }),
  });
  meter = takeSample(meter, sense(0), 10_000);
  seconds.forEach((second, i) => {
    const { engine = 0, others = 0 } = second;
    for (const key of ['cpu', 'memory', 'io', 'throttled', 'ownWait', 'ownMemory', 'engine'] as const)
      add(key, (second[key] ?? 0) * 10_000);
    add('busy', (engine + others) * 10_000);
    add('idle', (200 - engine - others) * 10_000);
    add('engineBytes', second.engineBytes);
    add('bytes', (second.engineBytes ?? 0) + (second.othersBytes ?? 0));
    add('engineOps', second.engineOps);
    add('ops', (second.engineOps ?? 0) + (second.othersOps ?? 0));
    if ((i + 1) % every === 0) meter = takeSample(meter, sense(i + 1, second.invocation), 10_000);
  });
  return partsOf(meter);
}

const times = (n: number, ...seconds: Second[]) => Array.from({ length: n }, () => seconds).flat();

t.test("the part is the host's pressure times the engine's share of what was used", async (t) => {
  const { cpu } = parts(times(10, { cpu: 66, engine: 94, others: 106 }));
  t.same(cpu, { pressure: 66, share: 47, part: 31.02, before_quota: 31.02 });
});

t.test('loads that take turns are not multiplied: products by the second, not of means', async (t) => {
  const busy: Second[] = [...times(5, { cpu: 80, others: 200 }), ...times(5, { engine: 180 })];
  const { cpu } = parts(busy);
  t.equal(cpu.pressure, 40);
  t.ok((cpu.share ?? 0) > 40);
  t.equal(cpu.part, 0);
});

t.test("stall that the engine's own quota explains is taken off, and no more than that", async (t) => {
  const { cpu } = parts(times(10, { cpu: 50, engine: 70, throttled: 30, ownWait: 50 }));
  t.same([cpu.part, cpu.before_quota], [20, 50]);
  // The others use the rest: what is left is multiplied by the share of the whole second, as every pressure is.
  const beside = parts(times(10, { cpu: 100, engine: 60, others: 140, throttled: 37 }));
  t.same([beside.cpu.part, beside.cpu.before_quota], [18.9, 30]);
  // One throttled period in eight seconds excuses nothing but itself.
  const once = parts([{ cpu: 90, engine: 200, throttled: 5 }, ...times(9, { cpu: 90, engine: 200 })]);
  t.equal(once.cpu.part, 89.76);
});

t.test('the throttled time of several threads is a sum over CPUs; stall is wall time', async (t) => {
  // On two CPUs: 190 % used and 47.5 % throttled are a fifth of the time on each queue.
  const { cpu } = parts(times(10, { cpu: 60, engine: 190, throttled: 47.5 }));
  t.equal(cpu.part, 40);
  t.equal(parts(times(10, { cpu: 100, throttled: 100 })).cpu.part, 0, 'throttled all the time');
});

t.test('who does not wait does not contend: a neighbour under a quota on a half idle host', async (t) => {
  const { cpu } = parts(times(10, { cpu: 78, engine: 30, others: 70, ownWait: 1 }));
  t.equal(cpu.pressure, 78);
  t.equal(cpu.part, 1.2);
  const hog = parts(times(10, { cpu: 98, engine: 50, others: 110, ownWait: 14 }));
  t.equal(hog.cpu.part, 17.5, 'stall that the engine may have caused, by its share');
  // With the CPUs busy the same figures stand.
  t.equal(parts(times(10, { cpu: 78, engine: 60, others: 140, ownWait: 1 })).cpu.part, 23.4);
});

t.test('io is judged by bytes and operations, whichever share is larger; not by who waits', async (t) => {
  const neighbour = { io: 40, engineBytes: 1, othersBytes: 99, engineOps: 2, othersOps: 98 };
  t.same(parts(times(10, neighbour)).io, { pressure: 40, share: 2, part: 0.8, before_quota: 0.8 });
  const own = { io: 40, engineBytes: 90, othersBytes: 10, engineOps: 2, othersOps: 98 };
  t.equal(parts(times(10, own)).io.part, 36);
  t.equal(parts(times(10, { io: 40 })).io.part, 0, 'nothing was used');
});

t.test("memory is judged by memory in use, at most twice the engine's own memory pressure", async (t) => {
  t.same(parts(times(10, { memory: 30, ownMemory: 20 })).memory, {
    pressure: 30,
    share: 50,
    part: 15,
    before_quota: 15,
  });
  t.equal(parts(times(10, { memory: 30, ownMemory: 2 })).memory.part, 4);
});

t.test('an unknown share is unknown, with the pressure beside it', async (t) => {
  const { cpu } = parts(times(10, { cpu: 60, engine: 50, others: 50 }), { cgroup: false });
  t.same(cpu, { pressure: 60, share: null, part: null, before_quota: null });
});

t.test('no window spans a restart', async (t) => {
  const { cpu } = parts([
    ...times(9, { cpu: 90, engine: 200 }),
    ...times(3, { cpu: 4, engine: 10, others: 190, invocation: 'b' }),
  ]);
  t.equal(cpu.pressure, 4);
});

t.test('a gap under 30 s is one sample; a longer one begins the window again', async (t) => {
  t.equal(parts(times(29, { cpu: 50, engine: 200 }), { every: 29 }).cpu.part, 50);
  t.equal(parts(times(31, { cpu: 50, engine: 200 }), { every: 31 }).cpu.part, null);
});

t.test('a total that went down is unknown for that time, and not nothing', async (t) => {
  const io = { io: 60, engineBytes: 50, othersBytes: 50, engineOps: 5, othersOps: 5 };
  const back = { ...io, othersBytes: -1e6, othersOps: -1e6 };
  t.match(parts([...times(6, io), back, ...times(4, io)]), { io: { share: 50, part: 30 } });
  t.match(parts(times(10, back)), { io: { pressure: 60, share: null, part: null } });
  t.match(parts(times(10, { ...io, engineBytes: -1, engineOps: -1 })), { io: { share: null, part: null } });
});
