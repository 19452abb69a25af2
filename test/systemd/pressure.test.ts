import t from 'tap';
import { type Decided, Host, needsSystemd, until } from './host.ts';

/** The pressure here is on the CPUs: what others do with the disks meanwhile is none of it, whatever a share of it is known. */
const CONFIG =
  '# every byte of this stays\r\n[soak.policy]\nio_limit = 100\n[engine]\r\ningest_mode  = "synthetic"   # odd spacing\r\ntick_interval_ms = 10\r\nsample_every = 1 # one token changes';
const SAMPLE_EVERY = { THROTTLE1: 5, THROTTLE2: 10, THROTTLE3: 20 };

t.test(
  'busy loops in another unit: adaptive says ambient and does nothing, classic aborts',
  needsSystemd(),
  async (t) => {
    const host = await Host.boot(CONFIG);
    t.teardown(host.close);
    const other = await host.another('hybrid-classic', CONFIG);

    for (const { unit } of [host, other]) t.equal((await host.systemctl('start', unit)).code, 0);
    await until('rows', () => host.rows() > 0 && other.rows() > 0);
    const before = other.frames();
    t.equal(before.kept, before.all, 'every frame is kept');

    const adaptive = host.startSoak('-d', '40s', '--interval', '1s');
    await host.decision('STARTUP');
    await host.pressMeekly();

    const classic = other.startSoak('-d', '10m', '--policy', 'classic', '--interval', '3s', '--leave', 'stopped');
    for (const [rung, every] of Object.entries(SAMPLE_EVERY)) {
      const intent = await other.decision('ENGINE_RESTART', (r: Decided) => r['state'] === rung);
      t.match(intent, { current_sample_every: every, cpu_some_raw: /^some avg10=/ });
      await other.decision('ENGINE_RESTARTED', (r: Decided) => r['state'] === rung);
      t.equal(other.readConfig(), CONFIG.replace('sample_every = 1 ', `sample_every = ${every} `), 'one token changed');
    }
    const rows = other.rows();
    await until('a row at the last rung', () => other.rows() > rows);
    const first = other.frames();
    const last = await until('rows at the last rung', () => other.frames().kept > first.kept + 10 && other.frames());
    const [all, kept] = [last.all - first.all, last.kept - first.kept];
    t.ok(Math.abs(kept * 20 - all) <= 20, `${kept} of ${all} frames are kept at 20`);
    await other.decision('THROTTLE_MAX');
    const aborted = await classic.ended;
    t.equal(aborted.code, 20, 'classic aborts');
    t.match(other.decisions('ABORT')[0], { state: 'THROTTLE3' });
    t.equal(other.readConfig(), CONFIG, 'as it was found, byte for byte');
    t.equal(await other.show('ActiveState'), 'inactive');

    await adaptive.ended;
    await host.release();
    t.same(host.decisions('ENGINE_RESTART'), [], 'adaptive does not restart once');
    const holds = host.decisions('HOLD');
    t.match(holds[0], { hold: 'ambient', part: { cpu: Number }, limit: { cpu: 20 } });
    t.same([...new Set(holds.map(({ hold }) => hold))], ['ambient']);
    t.match(host.decisions('COMPLETE')[0], { reason: 'the soak ran its time', state: 'NORMAL' });
    t.ok(Number(other.decisions('ABORT')[0]?.['cpu_some_avg10']) > 20, 'at a pressure over the limit');
    t.equal(host.readConfig(), CONFIG);
  },
);
