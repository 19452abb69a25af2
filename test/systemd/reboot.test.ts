import { existsSync } from 'node:fs';
import t from 'tap';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const CONFIG = '# kept\n[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1 # one\n';
/** Any CPU stall time climbs a rung. */
const CLASSIC = ['--policy', 'classic', '--calibrate', '0', '--interval', '1s'];
const RESTORER = 'soak-restore.service';

t.test('power is lost in a soak, and the machine boots again', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(() => host.close());
  await host.systemctl('enable', UNIT);
  t.equal((await host.systemctl('is-enabled', RESTORER)).stdout.trim(), 'enabled');
  const state = host.path('data/ops/soak_state.json');
  const monotonic = async (property: string, unit: string) => Number(await host.show(property, unit));

  /** A soak throttles the engine; the power goes before it can restore anything. Resolves without power. */
  async function throttledWithoutPower() {
    const { ended } = host.startSoak('-d', '30m', ...CLASSIC, '--leave', 'stopped');
    await host.decision('STARTUP');
    await host.press();
    await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'THROTTLE1', 120);
    await host.machine.cutPower();
    await ended;
    t.ok(existsSync(state), 'the soak has left its state');
    t.match(host.readConfig(), /sample_every = (5|10|20) # one/);
  }

  /** Power again; resolves when the units that start at boot have done so. */
  async function powerOn() {
    await host.machine.powerOn();
    await until('the engine', async () => (await host.show('ActiveState')) === 'active');
  }

  await t.test('the config is restored before the engine starts, and nothing else is touched', async (t) => {
    const boot = (await host.run('cat', '/proc/sys/kernel/random/boot_id')).stdout;
    await throttledWithoutPower();
    await powerOn();
    t.not((await host.run('cat', '/proc/sys/kernel/random/boot_id')).stdout, boot, 'another boot');
    t.equal(host.readConfig(), CONFIG, 'byte for byte');
    t.equal(await host.show('Result', RESTORER), 'success');
    const done = await monotonic('ExecMainExitTimestampMonotonic', RESTORER);
    t.ok(done > 0 && done <= (await monotonic('ExecMainStartTimestampMonotonic', UNIT)), 'before the engine');
    t.notOk(existsSync(state), 'its trace is gone');
    t.match(host.decisions().at(-1), { action: 'RESTORED', current_sample_every: 1 });
    const rows = host.rows();
    await until('rows', () => host.rows() > rows);
  });

  await t.test("an operator's own value stays", async (t) => {
    await throttledWithoutPower();
    const own = CONFIG.replace('sample_every = 1', 'sample_every = 7');
    host.writeConfig(own);
    await powerOn();
    t.equal(host.readConfig(), own);
    t.equal(await host.show('Result', RESTORER), 'success');
    t.notOk(existsSync(state));
    t.match(host.decisions().at(-1), { action: 'RESTORED', current_sample_every: 7 });
  });

  await t.test('without a state file the unit is skipped', async (t) => {
    await host.machine.cutPower();
    await powerOn();
    t.equal(await host.show('ConditionResult', RESTORER), 'no');
    t.match(host.readConfig(), /sample_every = 7/);
  });
});
