import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { INSIDE, whyNoMachine } from '../../ops/sandbox/machine.ts';
import { type Decided, Host, until } from '../systemd/host.ts';
import { check, type Fault, NotPossible } from './fault.ts';

const CONFIG = '[engine]\ningest_mode = "realws"\nsample_every = 1 # one\n';
const SOURCE = '[[source]]\nname = "local"\nurl = "ws://127.0.0.1:9001/ws/btcusdt@trade"\n';
const LIGHT = 20;
const BURST = { first: 50_000, last: 3_200_000 };
/** Shares of the soak between which the engine's own load lasts. */
const FROM = 1 / 3;
const TO = FROM + 1 / 15;
/** Loops a core, each busy for this part of its time: about 60 % of the time somebody waits for a CPU. */
const LOOPS = 2;
const BUSY = 0.62;
const NORMAL_WITHIN_S = 300;
const KEPT = 'data/faults/ambient';

export const ambient: Fault = {
  name: 'ambient',
  what: "minutes of a soak on a real systemd under others' CPU pressure of about 60: nothing moves but by the engine's own burst, and it comes back down",
  full: 120,
  // test/systemd/ladder.test.ts is the same with the policy's times shortened.
  short: 0,
  async inflict({ count: minutes }) {
    const why = whyNoMachine();
    if (why !== null) throw new NotPossible(why);
    const host = await Host.boot(CONFIG);
    try {
      return await burstUnderAmbient(host, minutes * 60);
    } finally {
      keep(host);
      await host.close();
    }
  },
};

async function burstUnderAmbient(host: Host, seconds: number): Promise<string> {
  writeFileSync(host.path('config/ws_sources.toml'), SOURCE);
  await serve(host, 'light', LIGHT);
  await neighbours(host);
  const { ended } = host.startSoak('-d', `${seconds}s`);
  await host.decision('ENGINE_RESTARTED', () => true, 600);
  const started = performance.now();
  const at = () => (performance.now() - started) / 1000 / seconds;
  const moves = () =>
    host.decisions('ENGINE_RESTART').filter((r) => r['cause'] !== undefined && r['cause'] !== 'start');

  await until('the time of the burst', () => at() >= FROM, seconds);
  check("nothing moves by others' pressure", moves().length === 0, moves());
  await host.systemctl('stop', 'light.service');
  const climbed = () => moves().find((r) => r['state'] === 'THROTTLE1' && r['cause'] === 'pressure');
  let rate = BURST.first;
  for (; climbed() === undefined && rate <= BURST.last; rate *= 2) {
    await host.systemctl('stop', 'burst.service');
    await serve(host, 'burst', rate);
    await until('a climb', climbed, 60).catch(() => {});
  }
  check("the engine's own load climbs", climbed() !== undefined, moves());
  await until('the end of the burst', () => at() >= TO, seconds);
  await host.systemctl('stop', 'burst.service');
  await serve(host, 'light', LIGHT);
  const over = Date.now();
  const normal = (r: Decided) => r['state'] === 'NORMAL' && Date.parse(String(r['timestamp'])) > over;
  const back = await host.decision('ENGINE_RESTARTED', normal, seconds);
  const took = (Date.parse(String(back['timestamp'])) - over) / 1000;
  const changes = moves().length;

  const { code, stdout } = await ended;
  const [summary] = host.decisions('SUMMARY');
  check(`NORMAL within ${NORMAL_WITHIN_S} s of its end`, took <= NORMAL_WITHIN_S, took);
  check('nothing moves after it', moves().length === changes, moves());
  check('the verdict is PASS', code === 0, { code, stdout: stdout.slice(-2000) });
  check('the configuration is as it was found', host.readConfig() === CONFIG);
  const pressure = JSON.stringify(summary?.['others_pressure']);
  return `${seconds} s; others' pressure ${pressure}; climbed at ${rate / 2} frames/s, ${changes} rung changes, NORMAL ${took.toFixed(0)} s after; classes ${JSON.stringify(summary?.['classes_s'])}`;
}

function serve(host: Host, unit: string, rate: number) {
  const feed = [`${INSIDE}/packages/feed/bin/hybrid-feed`, 'serve', '--port', '9001', '--rate', String(rate)];
  return host.run('systemd-run', `--unit=${unit}`, '--quiet', '--collect', ...feed);
}

/** Loops of the lowest weight: they do nearly all of the waiting themselves. */
async function neighbours(host: Host): Promise<void> {
  const script = `for (;;) { const ms = 20 + Math.random() * 80; const end = performance.now() + ms * ${BUSY};
    while (performance.now() < end); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms * ${1 - BUSY}); }`;
  const loop = `${INSIDE}/node_modules/.bin/node -e '${script}'`;
  // With autogroups nice counts within a session alone: sched(7).
  const polite = 'echo 19 2>/dev/null > /proc/self/autogroup';
  const all = `${polite}; ${Array.from({ length: LOOPS * availableParallelism() }, () => `${loop} &`).join(' ')} wait`;
  const weight = ['-p', 'Nice=19', '-p', 'CPUWeight=1'];
  await host.run('systemd-run', '--unit=neighbours', '--quiet', ...weight, 'bash', '-c', all);
}

/** Decisions, samples and summary stay, for a report. */
function keep(host: Host): void {
  const to = join(import.meta.dirname, '../..', KEPT);
  mkdirSync(to, { recursive: true });
  cpSync(host.path('data/ops'), to, { recursive: true });
}
