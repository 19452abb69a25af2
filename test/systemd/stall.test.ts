import t, { type Test } from 'tap';
import { type Decided, Host, needsSystemd, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const THRESHOLD_S = 6;
/** The policy's, percent; `press` makes more. */
const CPU_LIMIT = 20;

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
    const stall = await host.decision('STALL', is);
    const without = Number(stall['seconds_since_progress']);
    t.ok(without >= THRESHOLD_S, `${without} s`);
    // However late the looks are on a busy machine, the first one past the threshold sees it.
    const looks = host.looks();
    const at = looks.findIndex(({ wall }) => wall === stall['timestamp']);
    const [before, seen] = [looks[at - 1]?.mono_ms ?? 0, looks[at]?.mono_ms ?? 0];
    t.ok(
      at > 0 && without - (seen - before) / 1000 < THRESHOLD_S,
      `after ${without} s, ${seen - before} ms after a look`,
    );
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
      return Number(/avg10=([\d.]+)/.exec(stdout)?.[1]) > CPU_LIMIT;
    });
    await freezes(t, idle);
    const pressed = host.decisions('STALL').at(-1);
    t.ok(Number(pressed?.['cpu_some_avg10']) > CPU_LIMIT, `cpu some avg10 ${String(pressed?.['cpu_some_avg10'])}`);
    await host.release();
    await signal('TERM');
    const { code, stderr } = await ended;
    t.equal(code, 143, stderr);
    t.equal(host.readConfig(), CONFIG);
  });

  await t.test('after kill -9 of the supervisor, soak restore puts the config and the unit back', async (t) => {
    // Any CPU stall time climbs a rung.
    const config = `${CONFIG}[soak.policy]\ncpu_limit = 0.05\n`;
    host.writeConfig(config);
    await host.systemctl('start', 'hybrid-engine.service');
    // First: once a rung is in force the soak climbs on, and it would abort by itself within ten seconds.
    await host.pressSlightly();
    const { signal } = host.startSoak(
      ...['-d', '10m', '--interval', '2s', '--calibrate', '0', '--policy', 'classic', '--leave', 'as-found'],
    );
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
