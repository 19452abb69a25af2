import t from 'tap';
import { INSIDE } from '../../ops/sandbox/machine.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const CHECKOUT = `${INSIDE}/packages/supervisor/bin/soak`;
const SOAK = ['--manager', 'user', '--psi-actions', 'off', '--interval', '0.5s'];

t.test("a user's own systemd: the unit is there for the soak alone", needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  await host.run('useradd', '-d', '/srv/trader', 'trader');
  const uid = (await host.run('id', '-u', 'trader')).stdout.trim();
  const runtime = `/run/user/${uid}`;
  const placed = `${runtime}/systemd/user/${UNIT}`;
  await host.run('install', '-d', '-m', '700', '-o', 'trader', runtime);
  await host.run('install', '-d', '-o', 'trader', '/srv/trader', '/srv/trader/config');
  await host.run('sh', '-c', `cp config/*.toml /srv/trader/config && chown trader /srv/trader/config/*`);
  t.equal((await host.systemctl('start', `user@${uid}.service`)).code, 0);
  const as = (...command: string[]) => [
    ...['setpriv', '--reuid=trader', '--regid=trader', '--init-groups'],
    ...['env', `XDG_RUNTIME_DIR=${runtime}`, 'sh', '-c', 'cd /srv/trader; exec "$@"', 'sh', ...command],
  ];
  const state = async () => (await host.run(...as('systemctl', '--user', 'is-active', UNIT))).stdout.trim();
  const there = async () => (await host.run('test', '-e', placed)).code === 0;

  await t.test('placed, started by it, and gone at the end', async (t) => {
    const soak = host.run(...as('soak', 'run', '-d', '10m', ...SOAK));
    await until('the unit runs', async () => (await state()) === 'active');
    t.ok(await there());
    await host.run('pkill', '-TERM', '-f', 'lib/soak.mjs run');
    const { code, stderr } = await soak;
    t.equal(code, 143, stderr);
    t.match(stderr, /manager user: /);
    t.notOk(await there());
    t.equal(await state(), 'inactive');
  });

  await t.test('after a kill -9, soak restore removes it', async (t) => {
    const soak = host.run(...as('soak', 'run', '-d', '10m', ...SOAK));
    await until('the unit runs', async () => (await state()) === 'active');
    await host.run('pkill', '-KILL', '-f', 'lib/soak.mjs run');
    await soak;
    t.equal(await state(), 'active');
    const restored = await host.run(...as('soak', 'restore'));
    t.match(restored, { code: 0, stdout: /^restored: / }, restored.stderr);
    t.notOk(await there());
    t.equal(await state(), 'inactive');
  });

  await t.test(
    'a lingering engine is found by a soak of a bare environment, as by cron, and none runs beside it',
    async (t) => {
      // Only an empty environment: no login has set XDG_RUNTIME_DIR, HOME or a session bus.
      const bare = (...command: string[]) => [
        ...['setpriv', '--reuid=trader', '--regid=trader', '--init-groups', 'env', '-i', 'HOME=/srv/trader'],
        ...['PATH=/usr/local/bin:/usr/bin:/bin', 'sh', '-c', 'cd /tmp; exec "$@"', 'sh', ...command],
      ];
      await host.run('mkdir', '-p', '/var/lib/systemd/linger');
      await host.run('touch', '/var/lib/systemd/linger/trader');
      // It is this user's alone: no unit of the system has its name.
      await host.run('sh', '-c', `rm /etc/systemd/system/${UNIT} && systemctl daemon-reload`);
      const installed = await host.run(
        ...as('env', 'HOME=/srv/trader', CHECKOUT, 'install', '--user', '--link', INSIDE),
      );
      t.equal(installed.code, 0, installed.stderr);
      t.equal((await host.run(...as('systemctl', '--user', 'start', UNIT))).code, 0);
      const pid = await host.run(...as('systemctl', '--user', 'show', UNIT, '-p', 'MainPID', '--value'));
      const ran = await host.run(...bare('soak', 'run', '-d', '4s', ...SOAK.slice(2)));
      t.ok([0, 22].includes(ran.code), ran.stderr);
      t.match(ran, { stderr: /manager user: hybrid-engine\.service is installed for this user/ });
      t.match(await host.run(...bare('soak', 'status')), { code: 0, stdout: /unit +active \(running\), pid [1-9]/ });
      const engines = (await host.run('pgrep', '-fc', 'engine/src/main.ts run')).stdout.trim();
      t.equal(engines, '1', 'no engine beside it');
      t.same(await host.run(...as('systemctl', '--user', 'show', UNIT, '-p', 'MainPID', '--value')), pid);
    },
  );

  await t.test('no user manager to talk to is one clear line', async (t) => {
    await host.systemctl('stop', `user@${uid}.service`);
    const ended = await host.run(...as('soak', 'run', '-d', '5s', ...SOAK));
    t.match(ended, { code: 12, stderr: /^--manager user: systemctl .*bus/ });
  });
});
