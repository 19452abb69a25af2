import t from 'tap';
import { type Decided, Host, needsSystemd, until } from './host.ts';

/** The pressure here is on the CPUs: what others do with disks and memory meanwhile is none of it, whatever a share of it is known. */
const CONFIG =
  '# every byte of this stays\r\n[soak.policy]\nio_limit = 100\nmemory_limit = 100\n[engine]\r\ningest_mode  = "synthetic"   # odd spacing\r\ntick_interval_ms = 10\r\nsample_every = 1 # one token changes';
const SAMPLE_EVERY = { NORMAL: 1, THROTTLE1: 5, THROTTLE2: 10, THROTTLE3: 20 };
const CONFIGS = Object.values(SAMPLE_EVERY).map((every) =>
  CONFIG.replace('sample_every = 1 ', `sample_every = ${every} `),
);

t.test(
  'busy loops in another unit: adaptive says ambient and does nothing, classic aborts',
  needsSystemd(),
  async (t) => {
    const host = await Host.boot(CONFIG);
    t.teardown(host.close);
    const other = await host.another('hybrid-classic', CONFIG);

    for (const { unit } of [host, other]) t.equal((await host.systemctl('start', unit)).code, 0);
    await until('rows', () => host.rows() > 0 && other.rows() > 0);
    const adaptive = host.startSoak('-d', '30s', '--interval', '1s');
    await host.decision('STARTUP');
    await host.pressMeekly();

    const classic = other.startSoak('-d', '10m', '--policy', 'classic', '--interval', '3s', '--leave', 'stopped');
    for (const [rung, every] of Object.entries(SAMPLE_EVERY).slice(1)) {
      const intent = await other.decision('ENGINE_RESTART', (r: Decided) => r['state'] === rung);
      t.match(intent, { current_sample_every: every, cpu_some_raw: /^some avg10=/ });
      await other.decision('ENGINE_RESTARTED', (r: Decided) => r['state'] === rung);
      // It may have climbed on by now.
      t.ok(CONFIGS.includes(other.readConfig()), `one token changed: ${other.readConfig()}`);
    }
    await other.decision('THROTTLE_MAX');
    const aborted = await classic.ended;
    t.equal(aborted.code, 20, `classic aborts: ${aborted.stderr}`);
    const lives = other.lives();
    t.equal(lives.length, CONFIGS.length, 'a life of the engine at each rung');
    for (const [rung, every] of Object.values(SAMPLE_EVERY).entries()) {
      const { all = 0, kept = 0 } = lives[rung] ?? {};
      t.ok(all > 0 && Math.abs(kept * every - all) <= every, `${kept} of ${all} frames were kept at 1 in ${every}`);
    }
    t.match(other.decisions('ABORT')[0], { state: 'THROTTLE3' });
    t.equal(other.readConfig(), CONFIG, 'as it was found, byte for byte');
    t.equal(await other.show('ActiveState'), 'inactive');

    const isAmbient = (r: Decided) => r['hold'] === 'ambient';
    await host.decision('HOLD', isAmbient);
    const { stderr } = await adaptive.ended;
    const complaints = await host.run('journalctl', '-u', 'hog.service', '-t', 'bash', '-o', 'cat', '--no-pager');
    t.notMatch(complaints.stdout, /bash:/, 'the loops have run');
    await host.release();
    t.same(host.decisions('ENGINE_RESTART'), [], 'adaptive does not restart once');
    // What a busy machine keeps from being read is a hold of its own.
    const holds = host.decisions('HOLD').filter((r) => r['hold'] !== 'progress');
    t.match(holds[0], { hold: 'ambient', part: { cpu: Number }, limit: { cpu: 20 } });
    t.same([...new Set(holds.map(({ hold }) => hold))], ['ambient']);
    t.match(host.decisions('COMPLETE')[0], { reason: 'the soak ran its time', state: 'NORMAL' }, stderr);
    t.ok(Number(other.decisions('ABORT')[0]?.['cpu_some_avg10']) > 20, 'at a pressure over the limit');
    t.equal(host.readConfig(), CONFIG);
  },
);
