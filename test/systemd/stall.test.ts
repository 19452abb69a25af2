import t, { type Test } from 'tap';
import { type Decided, Host, needsSystemd, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const THRESHOLD_S = 6;

t.test('SIGSTOP of the main process on a real systemd', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);

  /** Stops the engine's process; STALL, a verified restart with a new invocation, and rows again must follow. */
  async function freezes(t: Pick<Test, 'ok' | 'match' | 'not' | 'equal'>, after: number) {
    const is = (record: Decided) => Number(record['seq']) > after;
    const old = await host.show('InvocationID');
    const rows = host.rows();
    await until('rows', () => host.rows() > rows);
    await host.run('kill', '-STOP', await host.show('MainPID'));
    const stopped = host.looks();
    const stall = await host.decision('STALL', is);
    // A look a second: on a busy machine they are late, and none of them is counted twice.
    const looks = host.looks() - stopped;
    t.ok(looks <= THRESHOLD_S + 10, `seen at look ${looks} of ${THRESHOLD_S} + 10`);
    t.ok(Number(stall['seconds_since_progress']) >= THRESHOLD_S);
    t.match(stall, { stall_streak: 1, ticks_count: Number });
    const restarted = await host.decision('ENGINE_RESTARTED', (r) => is(r) && Number(r['seq']) > Number(stall['seq']));
    t.not(restarted['invocation_id'], old);
    t.equal(restarted['invocation_id'], await host.show('InvocationID'));
    const then = host.rows();
    await until('rows again', () => host.rows() > then);
    return Number(restarted['seq']);
  }

  await t.test('is a STALL and a verified restart, idle and under CPU pressure', async (t) => {
    const { signal, ended } = host.startSoak(
      ...['-d', '10m', '--interval', '1s', '--stall-threshold', `${THRESHOLD_S}s`, '--leave', 'stopped'],
      ...['--psi-actions', 'logonly', '--calibrate', '2s'],
    );
    const started = await host.decision('ENGINE_RESTARTED');
    const idle = await freezes(t, Number(started['seq']));
    await host.press();
    await until('pressure', async () => {
      const { stdout } = await host.run('cat', '/proc/pressure/cpu');
      return Number(/avg10=([\d.]+)/.exec(stdout)?.[1]) > 40;
    });
    await freezes(t, idle);
    const pressed = host.decisions('STALL').at(-1);
    t.ok(Number(pressed?.['cpu_some_avg10']) > 40, `cpu some avg10 ${String(pressed?.['cpu_some_avg10'])}`);
    await host.release();
    await signal('TERM');
    t.equal((await ended).code, 143);
    t.equal(host.readConfig(), CONFIG);
  });

  await t.test('after kill -9 of the supervisor, soak restore puts the config and the unit back', async (t) => {
    // Any CPU stall time climbs a rung.
    const config = `${CONFIG}[soak.policy]\ncpu_limit = 1\n`;
    host.writeConfig(config);
    await host.systemctl('start', 'hybrid-engine.service');
    const { signal } = host.startSoak(
      ...['-d', '10m', '--interval', '1s', '--calibrate', '0', '--policy', 'classic', '--leave', 'as-found'],
    );
    await host.decision('STARTUP');
    await host.pressSlightly();
    await host.decision('ENGINE_RESTARTED', (r) => r['state'] === 'THROTTLE1');
    await signal('KILL');
    await host.release();
    t.not(host.readConfig(), config);
    const restored = await host.soak('restore');
    t.match(restored, { code: 0, stdout: /^restored: / });
    t.equal(host.readConfig(), config);
    t.equal(await host.show('ActiveState'), 'active');
    t.match(await host.soak('restore'), { code: 0, stdout: 'nothing to restore' });
  });
});
