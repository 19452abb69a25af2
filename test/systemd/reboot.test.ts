import { existsSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Host, needsSystemd, UNIT, until } from './host.ts';

// Any CPU stall time climbs a rung.
const CONFIG =
  '# kept\n[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1 # one\n[soak.policy]\ncpu_limit = 0.05\n';
const CLASSIC = ['--policy', 'classic', '--calibrate', '0', '--interval', '2s'];
const RESTORER = 'soak-restore.service';

t.test('the machine goes down in a soak, and boots again', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(() => host.close());
  await host.systemctl('enable', UNIT);
  t.equal((await host.systemctl('is-enabled', RESTORER)).stdout.trim(), 'enabled');
  const state = host.path('data/ops/soak_state.json');
  const failedUnits = async () =>
    (await host.systemctl('list-units', '--failed', '--plain', '--quiet', 'soak*', 'hybrid*')).stdout;
  const monotonic = async (property: string, unit: string) => Number(await host.show(property, unit));

  const dropIn = '/etc/systemd/system/soak.service.d';
  const command = (await host.run('sed', '-n', 's/^ExecStart=//p', '/etc/systemd/system/soak.service')).stdout.trim();
  const fast = `[Service]\\nExecStart=\\nExecStart=${command} ${CLASSIC.join(' ')}\\n`;
  await host.run('sh', '-c', `mkdir -p ${dropIn} && printf '${fast}' > ${dropIn}/fast.conf && systemctl daemon-reload`);

  /** A soak has throttled the engine: that of `soak.service`, or one in a scope, as in a shell of somebody logged in. */
  async function throttled(by: 'unit' | 'shell') {
    // First: once a rung is in force the soak climbs on, and it would abort by itself within ten seconds.
    await host.pressSlightly();
    host.follow();
    const shell = ['systemd-run', '--scope', '--quiet', 'soak', 'run', '-d', '30m', ...CLASSIC];
    if (by === 'unit') await host.systemctl('start', '--no-block', 'soak.service');
    else host.machine.spawn(shell);
    await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'THROTTLE1');
  }

  /** The power goes before a soak can restore anything. Resolves without power. */
  async function throttledWithoutPower(t: Test, by: 'unit' | 'shell') {
    await throttled(by);
    await host.machine.cutPower();
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
    await throttledWithoutPower(t, 'unit');
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
    await throttledWithoutPower(t, 'shell');
    const own = CONFIG.replace('sample_every = 1', 'sample_every = 7');
    host.writeConfig(own);
    await powerOn();
    t.equal(host.readConfig(), own);
    t.equal(await host.show('Result', RESTORER), 'success');
    t.notOk(existsSync(state));
    t.match(host.decisions().at(-1), { action: 'RESTORED', current_sample_every: 7 });
  });

  await t.test('a shutdown in good order: a soak of the unit restores all that can be', async (t) => {
    host.writeConfig(CONFIG);
    await throttled('unit');
    await host.machine.shutDown();
    t.equal(host.readConfig(), CONFIG, 'byte for byte, before the next boot');
    t.notOk(existsSync(state), 'its trace is gone');
    t.match(host.decisions('RESTORED'), [{ current_sample_every: 1 }]);
    t.match(host.decisions().at(-1), { action: 'SUMMARY', reason: /SIGTERM/ });
    await powerOn();
    t.equal(await host.show('ConditionResult', RESTORER), 'no', 'nothing is left for it');
    t.equal(await failedUnits(), '');
  });

  await t.test(
    'a soak whose shell is not stopped before the bus restores the config, the next boot the rest',
    async (t) => {
      await throttled('shell');
      await host.machine.shutDown();
      t.equal(host.readConfig(), CONFIG, 'byte for byte, before the next boot');
      t.match(host.decisions().at(-1), { action: 'SUMMARY', reason: /SIGTERM/ });
      await powerOn();
      t.equal(host.readConfig(), CONFIG);
      t.notOk(existsSync(state), 'its trace is gone');
      t.match(host.decisions('RESTORED').at(-1), { current_sample_every: 1 });
      t.equal(await failedUnits(), '');
    },
  );
});
