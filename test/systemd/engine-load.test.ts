import { writeFileSync } from 'node:fs';
import { cpus as hostCpus } from 'node:os';
import t from 'tap';
import { cpus, Host, needsSystemd, UNIT, until } from './host.ts';

/**
 * The engine and its exchange on one CPU: together they want more than it has, and each waits for half of the time. If all other
 * CPUs are busy and nobody waits for them, the host's stall time is 1/n of that, and so is the engine's share of the use.
 */
const ONE_CPU = `CPUAffinity=${cpus()[0]}`;
const LIMIT = Math.min(10, 16 / hostCpus().length ** 2);
const ALONE = 'memory_limit = 100\nio_limit = 100\n';
const POLICY = `window_s = 5\nsustain_s = 4\ncooldown_s = 5\nrecover_hold_s = 5\ncpu_limit = ${LIMIT}\n${ALONE}`;
const CONFIG = `[engine]\ningest_mode = "realws"\nsample_every = 1\n[soak.policy]\n${POLICY}`;
const SOURCE = 'name = "local"\nurl = "ws://127.0.0.1:9001/ws/btcusdt@trade"\n';

t.test('the engine itself: adaptive climbs, and is back at NORMAL after the load', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  writeFileSync(host.path('config/ws_sources.toml'), `[[source]]\n${SOURCE}`);
  const dropIn = `/run/systemd/system/${UNIT}.d`;
  await host.run('sh', '-c', `mkdir -p ${dropIn} && printf '[Service]\n${ONE_CPU}\n' > ${dropIn}/one-cpu.conf`);
  await host.systemctl('daemon-reload');
  const serve = async (unit: string, rate: number) => {
    const feed = ['/usr/local/bin/hybrid-feed', 'serve', '--port', '9001', '--rate', String(rate)];
    // Node may hang at its exit (nodejs/node#54918): it is killed then.
    const own = [`--unit=${unit}`, '--quiet', '--collect', '-p', ONE_CPU, '-p', 'TimeoutStopSec=20'];
    const { code, stderr } = await host.run('systemd-run', ...own, ...feed);
    t.equal(code, 0, stderr);
  };

  const { signal, ended } = host.startSoak('-d', '30m', '--interval', '1s', '--calibrate', '0', '--leave', 'stopped');
  const climb = () => host.decisions('ENGINE_RESTART').find((r) => r['state'] === 'THROTTLE1');
  // No rate is right for every machine: it is doubled until the pressure is seen.
  for (let rate = 50_000; climb() === undefined && rate < 5_000_000; rate *= 2) {
    await host.systemctl('stop', 'fast.service');
    await serve('fast', rate);
    await until('the climb', climb, 45).catch(() => {});
  }
  const climbed = await host.decision('ENGINE_RESTART', (r) => r['state'] === 'THROTTLE1');
  t.comment(climbed['reason']);
  t.match(climbed, { cause: 'pressure', over: ['cpu'] });
  await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'THROTTLE1');
  await host.systemctl('stop', 'fast.service');
  await serve('slow', 20);
  const later = (seq: unknown) => Number(seq) > Number(climbed['seq']);
  await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'NORMAL' && later(r['seq']));
  t.equal(host.readConfig(), CONFIG);
  await signal('TERM');
  const { code, stderr } = await ended;
  t.equal(code, 143, stderr);
});
