import { writeFileSync } from 'node:fs';
import t from 'tap';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const POLICY = 'sustain_s = 5\ncooldown_s = 5\nrecover_hold_s = 5\ncpu_limit = 10\n';
const CONFIG = `[engine]\ningest_mode = "realws"\nsample_every = 1\n[soak.policy]\n${POLICY}`;
const SOURCE = 'name = "local"\nurl = "ws://127.0.0.1:9001/ws/btcusdt@trade"\n';
/** The engine and its exchange on one CPU: together they want more than it has. One thread's part is at most 100/n on n CPUs. */
const ONE_CPU = 'CPUAffinity=0';

t.test('the engine itself: adaptive climbs, and is back at NORMAL after the load', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  writeFileSync(host.path('config/ws_sources.toml'), `[[source]]\n${SOURCE}`);
  const dropIn = `/run/systemd/system/${UNIT}.d`;
  await host.run('sh', '-c', `mkdir -p ${dropIn} && printf '[Service]\n${ONE_CPU}\n' > ${dropIn}/one-cpu.conf`);
  await host.systemctl('daemon-reload');
  const serve = (unit: string, rate: number) => {
    const feed = ['/usr/local/bin/hybrid-feed', 'serve', '--port', '9001', '--rate', String(rate)];
    return host.run('systemd-run', `--unit=${unit}`, '--quiet', '-p', ONE_CPU, ...feed);
  };

  const { signal, ended } = host.startSoak('-d', '30m', '--interval', '1s', '--calibrate', '0', '--leave', 'stopped');
  const climb = () => host.decisions('ENGINE_RESTART').find((r) => r['state'] === 'THROTTLE1');
  // No rate is right for every machine: it is doubled until the pressure is seen.
  for (let rate = 50_000; climb() === undefined && rate < 5_000_000; rate *= 2) {
    await host.systemctl('stop', 'fast.service');
    await serve('fast', rate);
    await until('the climb', climb, 45).catch(() => {});
  }
  const climbed = await until('the climb', climb);
  t.match(climbed, { cause: 'pressure', over: ['cpu'] });
  await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'THROTTLE1');
  await host.systemctl('stop', 'fast.service');
  await serve('slow', 20);
  const later = (seq: unknown) => Number(seq) > Number(climbed['seq']);
  await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'NORMAL' && later(r['seq']));
  t.equal(host.readConfig(), CONFIG);
  await signal('TERM');
  t.equal((await ended).code, 143);
});
