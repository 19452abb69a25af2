import { writeFileSync } from 'node:fs';
import t from 'tap';
import { type Decided, Host, needsSystemd, takePressure, until } from './host.ts';

const CONFIG =
  '# every byte of this stays\r\n[engine]\r\ningest_mode  = "synthetic"   # odd spacing\r\ntick_interval_ms = 10\r\nsample_every = 1 # one token changes';
const SAMPLE_EVERY = { THROTTLE1: 5, THROTTLE2: 10, THROTTLE3: 20 };
const FEED = '/srv/hybrid-soak/packages/feed/bin/hybrid-feed';

t.test('who makes the pressure decides', needsSystemd(), async (t) => {
  const turn = await takePressure();
  t.teardown(turn.release);
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const other = await host.another('hybrid-classic', CONFIG);

  await t.test('busy loops in another unit', async (t) => {
    for (const { unit } of [host, other]) t.equal((await host.systemctl('start', unit)).code, 0);
    await until('rows', () => host.rows() > 0 && other.rows() > 0);
    const before = await other.rate(4);
    t.ok(before > 60 && before < 140, `${before.toFixed(1)} rows/s at 1`);

    const adaptive = host.startSoak('-d', '180s', '--interval', '1s');
    await host.decision('CALIBRATED');
    await host.press(10);

    const classic = other.startSoak('-d', '180s', '--policy', 'classic', '--interval', '5s', '--leave', 'stopped');
    for (const [rung, every] of Object.entries(SAMPLE_EVERY)) {
      const intent = await other.decision('ENGINE_RESTART', (r: Decided) => r['state'] === rung);
      t.match(intent, { current_sample_every: every, cpu_some_raw: /^some avg10=/ });
      await other.decision('ENGINE_RESTARTED', (r: Decided) => r['state'] === rung, 100);
      t.equal(other.readConfig(), CONFIG.replace('sample_every = 1 ', `sample_every = ${every} `), 'one token changed');
    }
    const last = other.rows();
    await until('rows at the last rung', () => other.rows() > last);
    const after = await other.rate(6);
    t.ok(after > before / 40 && after < before / 10, `${after.toFixed(1)} rows/s at 20`);
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
    t.match(holds, [{ reason: 'ambient', engine_share: Number }]);
    t.match(host.decisions('COMPLETE')[0], { reason: 'the soak ran its time', state: 'NORMAL' });
    t.ok(Number(holds[0]?.['cpu_some_avg10']) >= 60, 'at a pressure of 60 or more');
    t.equal(host.readConfig(), CONFIG);
  });

  await t.test('the engine itself: adaptive climbs, and is back at NORMAL after the load', async (t) => {
    const quick = 'sustain_s = 5\ncooldown_s = 5\nrecover_hold_s = 5\ncpu_limit = 40\n';
    const config = `[engine]\ningest_mode = "realws"\nsample_every = 1\n[soak.policy]\n${quick}`;
    await host.systemctl('stop', host.unit);
    host.writeConfig(config);
    const source = 'name = "local"\nurl = "ws://127.0.0.1:9001/ws/btcusdt@trade"\n';
    writeFileSync(host.path('config/ws_sources.toml'), `[[source]]\n${source}`);
    const serve = (unit: string, rate: number) =>
      host.run('systemd-run', `--unit=${unit}`, '--quiet', FEED, 'serve', '--port', '9001', '--rate', String(rate));
    await serve('fast', 100_000);
    const { signal, ended } = host.startSoak('-d', '10m', '--interval', '1s', '--calibrate', '0', '--leave', 'stopped');
    const climbed = await host.decision('ENGINE_RESTART', (r) => r['state'] === 'THROTTLE1', 100);
    t.match(climbed, { attribution: 'engine', over: ['cpu'] });
    await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'THROTTLE1', 100);
    await host.systemctl('stop', 'fast.service');
    await serve('slow', 20);
    await host.decision(
      'ENGINE_RESTARTED',
      (r) => r['state'] === 'NORMAL' && Number(r['seq']) > Number(climbed['seq']),
      200,
    );
    t.equal(host.readConfig(), config);
    await signal('TERM');
    t.equal((await ended).code, 143);
  });
});
