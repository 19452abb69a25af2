import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { INSIDE } from '../../ops/sandbox/machine.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const SECRET = 'hunter2';
const QUIETLY = ['--psi-actions', 'off', '--interval', '0.5s'];

t.test('on a real systemd', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const folder = `/run/systemd/system/${UNIT}.d`;
  /** Gives the unit a line of its own, or takes it away. */
  const dropIn = async (line: string | null) => {
    const made = `mkdir -p ${folder} && printf '[Service]\\n${line}\\n' > ${folder}/test.conf`;
    const { code, stderr } = await host.run(
      'sh',
      '-c',
      `${line === null ? `rm -r ${folder}` : made} && systemctl daemon-reload`,
    );
    if (code !== 0) throw new Error(stderr);
  };

  await t.test('the units are sound and hardened', async (t) => {
    const files = ['hybrid-engine.service', 'soak.service', 'hybrid.slice'].map(
      (name) => `/etc/systemd/system/${name}`,
    );
    const verified = await host.run('systemd-analyze', 'verify', ...files);
    t.match(verified, { code: 0, stdout: '', stderr: '' });
    const shipped = (await host.run('sh', '-c', `ls ${INSIDE}/ops/systemd/*.service`)).stdout.trim().split('\n');
    t.ok(shipped.length >= 5);
    // A template has a score only as one of its instances; it is soak.service but for its time.
    for (const file of shipped.filter((name) => !name.endsWith('@.service'))) {
      const security = await host.run('systemd-analyze', 'security', '--offline=true', '--threshold=13', file);
      t.equal(security.code, 0, security.stdout.trim().split('\n').at(-1) ?? '');
    }
  });

  await t.test('a crash is restarted by systemd, and seen', async (t) => {
    // systemd forgets how a process ended when it starts the next one: time to look, however late the looks are.
    await dropIn('RestartSec=8');
    const { signal, ended } = host.startSoak('-d', '10m', '--leave', 'stopped', ...QUIETLY);
    await host.decision('ENGINE_RESTARTED');
    await until('rows', () => host.rows() > 0);
    const journal = ['journalctl', '-t', 'hybrid-engine', '-o', 'json', '-p', 'info', '-n', '1', '--no-pager'];
    await until('a line by its name and priority', async () => {
      const { stdout } = await host.run(...journal);
      return /"PRIORITY":"6"/.test(stdout) && !/"MESSAGE":"<6>/.test(stdout);
    });
    const pid = await host.show('MainPID');
    await host.run('kill', '-SEGV', pid);
    const seen = await host.decision('ENGINE_EXIT');
    t.match(seen, { signal: 11 });
    await until('a new process', async () => {
      const now = await host.show('MainPID');
      return now !== pid && now !== '0' && (await host.show('ActiveState')) === 'active';
    });
    t.equal(await host.show('NRestarts'), '1');
    await signal('TERM');
    const { code, stderr } = await ended;
    t.equal(code, 143, stderr);
    t.equal(await host.show('ActiveState'), 'inactive');
    await dropIn(null);
  });

  await t.test('a restart that somebody else has asked for is not doubled', async (t) => {
    // A stop that lasts until the stall has been seen.
    await host.run('touch', '/run/slow');
    await dropIn('ExecStop=/bin/sh -c "while [ -e /run/slow ]; do sleep 0.1; done"\\nTimeoutStopSec=300');
    host.writeConfig(`${CONFIG}[soak.policy]\nstall_threshold_s = 12\nstall_grace_s = 12\n`);
    const { signal, ended } = host.startSoak('-d', '10m', '--leave', 'stopped', ...QUIETLY);
    await host.decision('ENGINE_RESTARTED');
    const before = host.rows();
    await until('rows', () => host.rows() > before);
    const first = await host.show('InvocationID');
    await host.systemctl('restart', '--no-block', UNIT);
    await until('on its way down', async () => (await host.show('ActiveState')) === 'deactivating');
    await host.run('kill', '-STOP', await host.show('MainPID'));
    await host.decision('STALL');
    await host.decision('HOLD', (r) => r['reason'] === 'unit changing state');
    await host.run('rm', '/run/slow');
    await until('a new invocation', async () => {
      const now = await host.show('InvocationID');
      return now !== '' && now !== first && (await host.show('ActiveState')) === 'active';
    });
    const again = host.rows();
    await until('rows again', () => host.rows() > again);
    t.same(host.decisions('ENGINE_RESTART'), [], "the supervisor's own restart stayed away");
    t.equal(host.decisions('STALL').length, 1);
    await signal('TERM');
    await ended;
    host.writeConfig(CONFIG);
    await dropIn(null);
  });

  await t.test('exit 12 stays down, is seen as ENGINE_EXIT with 12, and ends the soak with 12', async (t) => {
    const { ended } = host.startSoak('-d', '10m', '--leave', 'stopped', ...QUIETLY);
    await host.decision('ENGINE_RESTARTED');
    host.writeConfig(`${CONFIG}sample_every = = 2\n`);
    await host.systemctl('restart', UNIT);
    // The operator's restart is an end of the invocation before, whose code systemd has forgotten by then.
    t.match(await host.decision('ENGINE_EXIT', (r) => r['exit_code'] === 12), { exit_name: 'CONFIG' });
    t.match(await host.decision('CONFIG_ERROR'), { exit_code: 12 });
    t.equal((await ended).code, 12);
    t.equal(await host.show('ExecMainStatus'), '12');
    t.equal(await host.show('NRestarts'), '0');
    host.writeConfig(CONFIG);
  });

  await t.test('the journal of both units has no secret of the configuration, nor of the environment', async (t) => {
    const sources = 'config/ws_sources.toml';
    const found = readFileSync(host.path(sources), 'utf8');
    const url = (scheme: string, at: string) => `url = "${scheme}://me:${SECRET}@${at}/ws?token=${SECRET}"\n`;
    const named = (name: string, line: string) => `[[source]]\nname = "${name}"\n${line}`;
    writeFileSync(
      host.path(sources),
      named('near', url('ws', '127.0.0.1:1')) + named('far', url('wss', 'exchange.test')),
    );
    const dropIn = `[Service]\\nEnvironmentFile=/etc/hybrid.env\\n`;
    const proxy = `HTTPS_PROXY=http://me:${SECRET}@127.0.0.1:1`;
    await host.run(
      'sh',
      '-c',
      `mkdir -p /run/systemd/system/${UNIT}.d && printf '${dropIn}' > /run/systemd/system/${UNIT}.d/env.conf; (umask 077; echo ${proxy} > /etc/hybrid.env); systemctl daemon-reload`,
    );
    host.writeConfig(`${CONFIG.replace('synthetic', 'realws')}ws_url = ${url('ws', 'h').slice(6)}`);
    host.follow();
    await host.systemctl('start', UNIT, 'soak.service');
    await host.decision('STARTUP');
    const journal = async () => (await host.run('journalctl', '-o', 'export', '--no-pager')).stdout;
    await until('both are tried', async () => {
      const said = await journal();
      return /"near","why".*source lost/.test(said) && /"far","why".*source lost/.test(said);
    });
    t.notMatch(await host.show('StatusText'), SECRET);
    await host.systemctl('stop', 'soak.service', UNIT);
    // What a fault of the configuration quotes: a word that is wrong, and a line that is not TOML.
    for (const line of [url('htp', 'h'), url('wss', 'h').replace(/"\n$/, '\n')]) {
      writeFileSync(host.path(sources), named('near', line));
      await host.systemctl('start', UNIT);
      t.equal(await host.show('ExecMainStatus'), '12');
      t.notMatch((await host.soak('doctor')).stdout, SECRET);
    }
    // journald takes lines in when it comes to it.
    const said = await until('the last words of both in the journal', async () => {
      const said = await journal();
      const engine = /SYSLOG_IDENTIFIER=hybrid-engine\n[\s\S]*ws_sources\.toml:3/.test(said);
      return engine && /UNIT=soak\.service\n[\s\S]*INCONCLUSIVE: SIGTERM/.test(said) && said;
    });
    t.notOk(said.includes(SECRET), said.match(new RegExp(`.*${SECRET}.*`))?.[0] ?? '');
    writeFileSync(host.path(sources), found);
    host.writeConfig(CONFIG);
    await host.run('sh', '-c', `rm -r /run/systemd/system/${UNIT}.d && systemctl daemon-reload`);
  });

  await t.test('a unit that does not exist is one clear line, and nothing is written', async (t) => {
    const before = host.decisions().length;
    const ended = await host.soak('run', '--unit', 'no-such.service', '--manager', 'system', '-d', '10s');
    t.match(ended, { code: 12, stdout: '', stderr: /no-such\.service is not-found/ });
    t.equal(ended.stderr.trim().split('\n').length, 1, ended.stderr);
    t.equal(host.decisions().length, before);
  });

  await t.test('a systemctl that hangs is given up, with a clear line', async (t) => {
    await host.run(
      'sh',
      '-c',
      'mkdir -p /hung && printf "#!/bin/sh\\nexec sleep 600\\n" > /hung/systemctl && chmod +x /hung/systemctl',
    );
    for (const manager of ['system', 'auto']) {
      const ended = await host.machine.run(['soak', 'run', '--manager', manager, '-d', '10s'], {
        env: { PATH: '/hung:/usr/local/bin:/usr/bin:/bin' },
      });
      t.match(ended, { code: 12, stderr: /systemctl show .*no answer within 5 s/ });
    }
  });
});
