import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const AS_SOAK = ['runuser', '-u', 'hybrid-soak', '--'];
const QUIETLY = ['--psi-actions', 'off', '--interval', '0.5s'];

t.test('the unit that a soak acts on, on a real systemd', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const elsewhere = (...command: string[]) => host.run('env', '-C', '/tmp', ...command);
  await host.systemctl('start', UNIT);

  await t.test('the unit says where its files are, from any folder', async (t) => {
    // A clone's folder, with a config of its own: it is another engine's.
    await host.run('sh', '-c', 'mkdir -p /srv/clone/config && echo "[engine]" > /srv/clone/config/config.toml');
    const pid = await host.show('MainPID');
    const ran = await host.run('env', '-C', '/srv/clone', 'soak', 'run', '-d', '3s', ...QUIETLY, '--calibrate', '0');
    t.match(ran.stdout, /PASS|INCONCLUSIVE/, ran.stderr);
    t.match(host.decisions('STARTUP'), [{ reason: /installed there/ }]);
    t.equal((await host.run('ls', '/srv/clone')).stdout.trim(), 'config', 'nothing was written there');
    for (const command of ['tail', 'status', 'report'])
      t.match(await elsewhere('soak', command), { code: 0 }, `soak ${command} from /tmp`);
    t.not(pid, '0');
  });

  await t.test('what doctor would call wrong, run refuses with its sentence, and touches nothing', async (t) => {
    const pid = await host.show('MainPID');
    const other = await host.run('soak', 'run', '--config', '/srv/clone/config/config.toml', '-d', '3s', ...QUIETLY);
    t.match(other, { code: 12, stderr: /it reads this configuration: the unit reads .*config\.toml/ });
    await host.run('systemd-run', '--unit=passing', '--quiet', 'sleep', '600');
    const passing = await host.soak('run', '--unit', 'passing', '-d', '3s', ...QUIETLY);
    t.match(passing, { code: 12, stderr: /passing\.service is transient/ });
    t.equal(await host.show('MainPID'), pid);
    t.equal(await host.show('ActiveState', 'passing.service'), 'active');
  });

  await t.test('one supervisor a unit, whatever name and account it is called by; and one a folder', async (t) => {
    await host.run('sh', '-c', `ln -s ${UNIT} /etc/systemd/system/trader.service && systemctl daemon-reload`);
    const { signal, ended } = host.startSoak('-d', '10m', '--leave', 'running', ...QUIETLY);
    await host.decision('STARTUP');
    const held = /hybrid-engine\.service is held by pid \d+, soak [0-9a-f-]+, unit hybrid-engine\.service/;
    t.match(await host.soak('run', '--unit', 'trader', '-d', '3s', ...QUIETLY), { code: 2, stderr: held });
    t.match(await host.soak('prove', 'psi', '--quick'), { code: 2, stderr: held });
    const stranger = await host.run('runuser', '-u', 'nobody', '--', 'soak', 'run', '-d', '3s', ...QUIETLY);
    t.match(stranger.code, 12, stranger.stderr);
    const own = await host.run(...AS_SOAK, 'soak', 'run', '-d', '3s', ...QUIETLY);
    t.ok([2, 12].includes(own.code), own.stderr);
    // Another unit in the folder of the first: its state would be taken for what it left.
    await host.run('sh', '-c', 'cp -r /srv/clone /srv/own && chown -R hybrid-soak: /srv/own');
    const log = host.path('data/ops/soak_decisions.jsonl').slice(host.machine.root.length);
    const another = await host.run(
      ...AS_SOAK,
      ...['env', '-C', '/srv/own'],
      'soak',
      'run',
      '--manager',
      'embedded',
      '--decisions',
      log,
      '-d',
      '3s',
      ...QUIETLY,
    );
    t.match(another, { code: 2, stderr: /is held by pid/ });
    t.match(await host.soak('restore'), { code: 2, stderr: /the soak is still running/ });
    t.equal(host.readConfig(), CONFIG);
    t.match(JSON.parse((await elsewhere('soak', 'status', '--json')).stdout), { holder: { unit: UNIT } });
    await signal('TERM');
    await ended;
    await host.run('sh', '-c', 'rm /etc/systemd/system/trader.service && systemctl daemon-reload');
  });

  await t.test('systemd is found without systemctl on the PATH', async (t) => {
    await host.run(
      'sh',
      '-c',
      'mkdir -p /few && for name in sh readlink dirname; do ln -sf $(command -v $name) /few/$name; done',
    );
    const soak = (await host.run('sh', '-c', 'readlink -f "$(command -v soak)"')).stdout.trim();
    const ran = await host.run('env', 'PATH=/few', soak, 'run', '--dry-run', '--json');
    t.match(ran.code, 0, ran.stderr);
    const doctor = await host.run('env', 'PATH=/few', soak, 'run', '--unit', 'no-such', '--manager', 'system');
    t.match(doctor, { code: 12, stderr: /no-such\.service is not-found/ });
  });

  await t.test('a restart that is on its way is waited for, and the soak begins with the unit running', async (t) => {
    const dropIn = `/run/systemd/system/${UNIT}.d`;
    await host.run(
      'sh',
      '-c',
      `mkdir -p ${dropIn} && touch /run/slow && printf '[Service]\\nExecStop=/bin/sh -c "while [ -e /run/slow ]; do sleep 0.1; done"\\n' > ${dropIn}/slow.conf && systemctl daemon-reload`,
    );
    await host.systemctl('restart', '--no-block', UNIT);
    await until('on its way down', async () => (await host.show('ActiveState')) === 'deactivating');
    const ran = host.startSoak('-d', '3s', ...QUIETLY);
    await until('the soak waits', () => /waiting for hybrid-engine\.service: deactivating/.test(ran.stderr()));
    await host.run('rm', '/run/slow');
    const { code, stderr } = await ran.ended;
    // 22: on a busy machine it may be over before the first row.
    t.ok([0, 22].includes(code), `${code} ${stderr}`);
    t.equal(await host.show('ActiveState'), 'active', 'as somebody wanted it');
    await host.run('sh', '-c', `rm -r ${dropIn} && systemctl daemon-reload`);
  });

  await t.test('after a kill -9, restore is as guarded as acting', async (t) => {
    const statePath = host.path('data/ops/soak_state.json');
    const metrics = host.path('data/ops/soak.prom').slice(host.machine.root.length);
    const { signal, ended } = host.startSoak('-d', '10m', ...QUIETLY, '--metrics-textfile', metrics);
    await host.decision('STARTUP');
    await until('the metrics file', () => existsSync(join(host.machine.root, metrics)));
    await signal('KILL');
    await ended;
    const state = JSON.parse(readFileSync(statePath, 'utf8'));
    const throttled = CONFIG.replace('sample_every = 1', 'sample_every = 20');

    // As after another boot: the config alone, and only if it still has the soak's value.
    writeFileSync(
      statePath,
      JSON.stringify({ ...state, written_text: throttled, owner: { ...state.owner, boot: 'another' } }),
    );
    host.writeConfig(CONFIG.replace('sample_every = 1', 'sample_every = 7'));
    await host.systemctl('stop', UNIT);
    t.match(await elsewhere('soak', 'restore'), {
      code: 0,
      stdout: /sample_every 7 is not the soak's and stays.*the machine has booted since/,
    });
    t.equal(await host.show('ActiveState'), 'inactive');
    t.match(host.readConfig(), /sample_every = 7/);
    t.notOk(existsSync(join(host.machine.root, metrics)), 'the metrics file is gone');
    t.match(host.decisions().at(-1), { action: 'RESTORED', run_id: state.run_id, current_sample_every: 7 });

    writeFileSync(statePath, JSON.stringify({ ...state, written_text: throttled }));
    // A unit that somebody has stopped would stay stopped.
    await host.systemctl('start', UNIT);
    host.writeConfig(throttled);
    t.match(await host.soak('restore'), { code: 0, stdout: /hybrid-engine\.service running/ });
    t.equal(host.readConfig(), CONFIG);
    t.equal(await host.show('ActiveState'), 'active');
  });

  await t.test('ExecStopPost finds the files of its run, wherever a drop-in has moved them', async (t) => {
    const dropIn = '/run/systemd/system/soak.service.d';
    const moved = `${host.home}/data/ops/moved/soak_decisions.jsonl`;
    const exec = (
      await host.run('sh', '-c', "sed -n 's/^ExecStart=//p' /etc/systemd/system/soak.service")
    ).stdout.trim();
    const text = `[Service]\\nExecStart=\\nExecStart=${exec} --psi-actions off --decisions ${moved}\\n`;
    await host.run(
      'sh',
      '-c',
      `mkdir -p ${dropIn} && printf '${text}' > ${dropIn}/moved.conf && systemctl daemon-reload`,
    );
    // A lock that root has made, as long as it has not dropped to the supervisor's account.
    await host.run('sh', '-c', 'rm -f /run/hybrid-soak/lock*');
    await host.systemctl('start', 'soak.service');
    const state = join(host.machine.root, host.home, 'data/ops/moved/soak_state.json');
    await until('its state', () => existsSync(state));
    await host.systemctl('kill', '--signal=KILL', '--kill-whom=main', 'soak.service');
    await until('it has ended', async () => /failed|inactive/.test(await host.show('ActiveState', 'soak.service')));
    t.notOk(existsSync(state), (await host.run('journalctl', '-u', 'soak.service', '-n', '20', '--no-pager')).stdout);
    await host.run('sh', '-c', `rm -r ${dropIn} && systemctl daemon-reload`);
  });
});
