import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCgroup } from '@hybrid-soak/supervisor/adapters/cgroup.ts';
import { readDatabaseFiles } from '@hybrid-soak/supervisor/adapters/database-files.ts';
import { readHostCpu, readHostIo, readHostMemory, wholeDisks } from '@hybrid-soak/supervisor/adapters/host.ts';
import { hostPressure, pressureFile } from '@hybrid-soak/supervisor/adapters/pressure.ts';
import { readProcess } from '@hybrid-soak/supervisor/adapters/process.ts';
import t from 'tap';

const PSI = 'some avg10=1.50 avg60=2.00 avg300=3.00 total=4000\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=100\n';

t.test('a pressure file is read afresh each time through one descriptor', async (t) => {
  const path = join(t.testdir({ cpu: PSI }), 'cpu');
  const file = pressureFile(path);
  t.match(file.read(), { available: true, value: { some: { total: 4000, avg10: 1.5 }, full: { total: 100 } } });
  writeFileSync(path, PSI.replace('4000', '5000'));
  t.match(file.read(), { available: true, value: { some: { total: 5000 } } });
  file.close();
  file.close();
});

t.test('a pressure file that is missing is unavailable with its path, and is read once it is there', async (t) => {
  const root = t.testdir({ pressure: {} });
  const host = hostPressure(root);
  const blind = host.read();
  for (const resource of ['cpu', 'memory', 'io'] as const)
    t.match(blind[resource], { available: false, why: new RegExp(`pressure/${resource}: no such file`) });
  writeFileSync(join(root, 'pressure/io'), PSI);
  t.match(host.read(), { cpu: { available: false }, io: { available: true } });
});

t.test('a pressure file that cannot be read (a folder) is unavailable, never zero', async (t) => {
  t.match(pressureFile(t.testdir({})).read(), { available: false, why: /EISDIR/ });
});

const CPU_STAT = 'usage_usec 123456\nuser_usec 1\nsystem_usec 2\nnr_periods 9\nnr_throttled 3\nthrottled_usec 77\n';
const GROUP = {
  'cpu.stat': CPU_STAT,
  'cpu.pressure': PSI,
  'memory.pressure': PSI,
  'io.pressure': PSI,
  'memory.current': '1048576\n',
};

t.test('a file of the kernel is read whole, however long, into one buffer', async (t) => {
  const cpus = Array.from({ length: 4096 }, (_, n) => `cpu${n} 1 0 1 2 0 0 0 0 0 0\n`).join('');
  const proc = t.testdir({ stat: `cpu  100 0 50 200 10 0 0 0 0 0\n${cpus}intr 1\n` });
  t.match(readHostCpu(proc), { available: true, value: { busy_usec: 1_500_000, cpus: 4096 } });
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 100; n++) readHostCpu();
  t.ok(process.memoryUsage().arrayBuffers <= before, 'nothing of the file stays beside the heap');
});

t.test('the cgroup of a unit is found under the unified root and under the hybrid mount', async (t) => {
  const unified = t.testdir({ 'cgroup.controllers': 'cpu io memory\n', a: { 'b.service': GROUP } });
  const value = {
    usage_usec: 123456,
    nr_throttled: 3,
    throttled_usec: 77,
    memory_bytes: 1048576,
    cpu: { available: true },
  };
  t.match(readCgroup('/a/b.service', unified), { available: true, value });
});

t.test('on a hybrid host the cgroup is found under unified/', async (t) => {
  const root = t.testdir({ cpu: {}, unified: { 'b.service': GROUP } });
  t.match(readCgroup('/b.service', root), { available: true, value: { usage_usec: 123456 } });
});

t.test('a v1 host, a cgroup that is gone and a unit without one are unavailable with why', async (t) => {
  const root = t.testdir({ cpu: {} });
  t.match(readCgroup('/b.service', root), { available: false, why: /no cgroup v2/ });
  t.match(readCgroup(null, root), { available: false, why: /no control group/ });
});

t.test(
  'without the cpu controller quotas are null, and a missing pressure file blinds that one resource',
  async (t) => {
    const { 'io.pressure': _, 'memory.current': __, ...rest } = GROUP;
    const root = t.testdir({ 'cgroup.controllers': '', s: { ...rest, 'cpu.stat': 'usage_usec 5\n' } });
    const reading = readCgroup('/s', root);
    t.match(reading, { available: true, value: { nr_throttled: null, throttled_usec: null, memory_bytes: null } });
    t.match(reading, { value: { io: { available: false, why: /io\.pressure/ }, cpu: { available: true } } });
    rmSync(join(root, 's/cpu.stat'));
    t.match(readCgroup('/s', root), { available: false });
  },
);

t.test('white space other than the kernel’s is read all the same', async (t) => {
  const root = t.testdir({
    'cgroup.controllers': '',
    s: { ...GROUP, 'cpu.stat': ' usage_usec\t7 \r\nnr_throttled  2\r\n' },
    stat: 'cpu\t10 1 2 1000 500 3 4 5\ncpu0\t10 1 2 1000 500 3 4 5\n',
  });
  t.match(readCgroup('/s', root), { available: true, value: { usage_usec: 7, nr_throttled: 2, throttled_usec: null } });
  t.match(readHostCpu(root), { available: true, value: { busy_usec: 250_000, cpus: 1 } });
});

t.test('busy time is all but idle and iowait; guest is within user already', async (t) => {
  const stat = 'cpu  10 1 2 1000 500 3 4 5 7 8\ncpu0 5 1 1 500 250 3 4 5 7 8\ncpu1 5 0 1 500 250 0 0 0 0 0\nintr 1\n';
  t.match(readHostCpu(t.testdir({ stat })), { available: true, value: { busy_usec: 250_000, cpus: 2 } });
  mkdirSync(join(t.testdirName, 'none'));
  t.match(readHostCpu(join(t.testdirName, 'none')), { available: false });
});

t.test(
  "a process's CPU time and resident memory are read whatever its name; one that is gone is unavailable",
  async (t) => {
    const stat = '7 (a) S 9 (b) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 9999 9999 20 0 1 0 100 1 1\n';
    const proc = t.testdir({
      7: { stat, status: 'Name:\ta\nVmRSS:\t    2048 kB\n' },
      8: { stat, status: 'Name:\tz\n' },
    });
    t.match(readProcess(7, true, proc), {
      available: true,
      value: { cpu_usec: 2_000_000, memory_bytes: 2 * 1024 * 1024 },
    });
    t.match(readProcess(8, true, proc), { available: false, why: /no times or memory/ });
    t.match(readProcess(9, true, proc), { available: false, why: /9: ENOENT/ });
    t.match(readProcess(0, true, proc), { available: false, why: /no process now/ });
    t.match(readProcess(process.pid), { available: true });
  },
);

t.test('a process counts with its descendants: CPU time, memory, waits for a CPU, bytes of disks', async (t) => {
  const stat = '1 (a) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 9999 9999 20 0 1 0 100 1 1\n';
  const status = 'VmRSS:\t    1024 kB\n';
  const io = 'rchar: 1\nread_bytes: 4096\nwrite_bytes: 512\n';
  const thread = (children: string) => ({ children, schedstat: '9000000 2000000 7\n' });
  const proc = t.testdir({
    7: { stat, status, io, task: { 7: thread('8 '), 9: thread('') } },
    8: { stat, status, io, task: { 8: thread('') } },
  });
  t.match(readProcess(7, false, proc), { value: { run_delay_usec: null } }, 'a cgroup tells the waits');
  t.same(readProcess(7, true, proc), {
    available: true,
    value: { cpu_usec: 4_000_000, memory_bytes: 2 * 1024 * 1024, run_delay_usec: 6000, io_bytes: 9216, io_ops: null },
  });
});

t.test('io of the host is that of the whole disks, and of the cgroup on the same ones', async (t) => {
  const dev = (text: string, slaves = {}) => ({ dev: `${text}\n`, slaves });
  const root = t.testdir({
    block: { sda: dev('8:0'), 'dm-0': dev('253:0', { sda: '' }), loop0: dev('7:0') },
    diskstats: [
      '   8       0 sda 10 2 100 5 20 3 200 6 0 0 0',
      '   8       1 sda1 10 2 100 5 20 3 200 6 0 0 0',
      ' 253       0 dm-0 12 0 100 5 23 0 200 6 0 0 0',
    ].join('\n'),
    cg: {
      'cgroup.controllers': '',
      s: {
        'cpu.stat': 'usage_usec 1\n',
        'memory.current': '1000\n',
        'memory.stat': 'anon 300\nfile 500\nkernel 90\nshmem 100\nslab_reclaimable 50\n',
        'memory.max': 'max\n',
        'io.stat': '253:0 rbytes=7 wbytes=7 rios=7 wios=7\n8:0 rbytes=100 wbytes=28 rios=3 wios=4 dbytes=0 dios=0\n',
      },
    },
    meminfo: 'MemTotal:        1000 kB\nMemFree: 1 kB\nMemAvailable:     400 kB\n',
  });
  const disks = wholeDisks(root);
  t.same([...disks], ['8:0']);
  t.same(readHostIo(disks, root), { available: true, value: { bytes: 300 * 512, ops: 35 } });
  t.match(readHostIo(new Set(), root), { available: false });
  const value = { io_bytes: 128, io_ops: 7, memory_in_use_bytes: 550, memory_held_bytes: 390, memory_max_bytes: null };
  t.match(readCgroup('/s', join(root, 'cg'), disks), { available: true, value });
  t.same(readHostMemory(root), { available: true, value: { total_bytes: 1_024_000, in_use_bytes: 614_400 } });
});

t.test('the database, its WAL and the free disk are seen without opening the database', async (t) => {
  const folder = t.testdir({ 'bot.db': 'x'.repeat(4096), 'bot.db-wal': 'y'.repeat(32) });
  const read = readDatabaseFiles(join(folder, 'bot.db'));
  t.match(read, { available: true, value: { database_bytes: 4096, wal_bytes: 32, free_bytes: Number } });
  t.match(readDatabaseFiles(join(folder, 'none', 'bot.db')), { available: false, why: /ENOENT/ });
});
