import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { commandsOf } from '../ops/commands.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const SHORT = ['-d', '1s', '--psi-actions', 'off', '--calibrate', '0', '--interval', '0.5s', '--leave', 'running'];
/** It has acted: 22 is a soak too short for the engine's first row on a busy machine. */
const acted = (code: number) => code === 0 || code === 22;
const NAMES = ['soak_decisions.jsonl', 'soak_samples.jsonl', 'summary.json', 'ABORT', 'soak_state.json'];

t.test('root obeys nobody', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const sh = (script: string) => host.run('sh', '-c', script);
  const as = (user: string, script: string) =>
    host.run('setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', 'sh', '-c', script);
  const victim = async () =>
    (await sh('cat /etc/victim; stat -c %U:%a /etc/victim; ls /etc/cron.d/x 2>/dev/null')).stdout;
  await sh('echo precious > /etc/victim');
  const untouched = 'precious\nroot:644';
  const clean = () => sh('rm -rf data/ops/* data/ops/.soak* data/*.html');

  await t.test('root becomes hybrid-soak, whose soak acts on the unit through polkit', async (t) => {
    const { code, stderr } = await host.soak('run', ...SHORT);
    t.ok(acted(code), stderr);
    await until('rows', () => host.rows() > 0);
    const { stdout } = await sh('stat -c "%n %U:%G %a" data/ops/* config/config.toml data/bot.db');
    t.match(stdout, /soak_decisions\.jsonl hybrid-soak:hybrid-soak 640/);
    t.match(stdout, /config\.toml hybrid-soak:hybrid-engine 640/);
    t.match(stdout, /bot\.db hybrid-engine:hybrid-engine 644/);
    t.equal(await host.show('ActiveState'), 'active');
    t.match(await host.soak('status'), { code: 0, stdout: /heartbeat/ });
  });

  await t.test('the engine can write its database, and nothing that root or the supervisor reads', async (t) => {
    for (const attempt of [
      'echo x > data/ops/soak_state.json',
      'mv data/ops data/gone',
      'rmdir data/ops || rm -rf data/ops',
      'ln -s /etc/victim config/.config.toml.1',
      'echo x >> config/config.toml',
      'ln -s /etc data/ops/proofs',
      'mv data gone',
      'touch x',
      'echo x > /run/hybrid-soak/lock',
      'mkdir /run/hybrid-soak/lock.d',
      'touch /run/hybrid-soak/requests/x',
    ])
      t.not((await as('hybrid-engine', attempt)).code, 0, attempt);
    t.equal((await as('hybrid-engine', 'touch data/mine && rm data/mine && cat config/config.toml')).code, 0);
    await host.run('useradd', 'mallory');
    for (const attempt of [
      'ls data',
      'cat data/bot.db',
      'exec 3>/run/hybrid-soak/lock',
      'exec 3</run/hybrid-soak/lock',
    ])
      t.not((await as('mallory', attempt)).code, 0, attempt);
  });

  await t.test('a state that names files or units of others is refused', async (t) => {
    const state = (config: string, unit: string) =>
      JSON.stringify({
        ...{ v: 1, run_id: 'x', unit, config, original_text: 'evil', original_sample_every: 1, written_text: 'x = 1' },
        ...{ manager: 'system', was_running: false, leave: 'as-found', embedded: null },
        ...{ ingest_mode: 'synthetic', psi_actions: 'on', policy: 'adaptive' },
      });
    for (const text of [
      state('/etc/cron.d/x', UNIT),
      state('/etc/victim', UNIT),
      state('/etc/victim', 'dbus.service'),
    ]) {
      await as('hybrid-soak', `printf '%s' '${text}' > data/ops/soak_state.json`);
      const restored = await host.soak('restore');
      t.not(restored.code, 0);
      t.notMatch(restored.stderr, /\n {4}at /, 'no stack trace');
      t.equal(await victim(), untouched);
      t.equal((await host.systemctl('is-active', 'dbus.service')).stdout, 'active');
    }
    await clean();
  });

  await t.test('links in the place of its files are one line, and lead nowhere', async (t) => {
    for (const name of NAMES) {
      await as('hybrid-soak', `ln -s /etc/victim data/ops/${name}`);
      const { code, stderr } = await host.soak('run', ...SHORT);
      // What an ABORT that is a link means is the loop's to say; summary and report never change a verdict.
      if (!['ABORT', 'summary.json'].includes(name)) t.equal(code, 12, `${name}: ${stderr}`);
      t.notMatch(stderr, /\n {4}at /, name);
      t.equal(await victim(), untouched, name);
      await clean();
    }
    await as('hybrid-engine', 'ln -s /etc/victim data/report.html');
    for (const args of [
      ['run', ...SHORT, '--report', 'data/report.html'],
      ['report', '--out', 'data/report.html'],
    ]) {
      await host.soak(...args);
      t.equal(await victim(), untouched, args.join(' '));
    }
    await clean();
  });

  await t.test('FIFOs in the place of its files hang nothing', async (t) => {
    for (const name of NAMES) {
      await as('hybrid-soak', `mkfifo data/ops/${name}`);
      const ends = async (command: string[]) => {
        const ran = await host.soak(...command);
        t.not(ran.code, -1, `${name}: soak ${command[0]} ends`);
        t.notMatch(ran.stderr, /\n {4}at /, `${name}: soak ${command[0]}`);
      };
      await ends(['run', ...SHORT]);
      const looks = [['status'], ['tail'], ['restore'], ['report', '-o', '/dev/null']];
      const logs = name.endsWith('.jsonl') ? [['doctor'], ['runs']] : [];
      await Promise.all([...looks, ...logs].map(ends));
      await clean();
    }
    await host.systemctl('stop', UNIT);
    await sh('mv data/bot.db* /root');
    await as('hybrid-engine', 'mkfifo data/bot.db');
    for (const command of [['run', ...SHORT], ['status'], ['doctor']]) {
      const ran = await host.soak(...command);
      t.not(ran.code, -1, `bot.db: soak ${command[0]} ends`);
    }
    await sh('rm data/bot.db; mv /root/bot.db* data');
    await clean();
  });

  await t.test("a report is opened with the caller's rights; a metrics file must be the supervisor's", async (t) => {
    await sh('seq 9999 > /root/junit.xml');
    const ran = await host.soak('run', ...SHORT, '--report', '/root/soak.html', '--junit', '/root/junit.xml');
    t.ok(acted(ran.code), ran.stderr);
    t.match((await sh('tail -n 1 /root/junit.xml')).stdout, /^<\/testsuites>$/, 'nothing of what it held before');
    t.match((await sh('stat -c %U /root/soak.html; head -c 15 /root/soak.html')).stdout, /^root\n<!doctype html>/);
    t.match(await host.soak('run', ...SHORT, '--metrics-textfile', '/root/soak.prom'), {
      code: 12,
      stderr: /^--metrics-textfile \/root\/soak\.prom: [^\n]*hybrid-soak[^\n]*\n?$/,
    });
  });

  await t.test('a probe of a stopped engine leaves nothing behind that keeps the engine out', async (t) => {
    // 2: no file of another account is opened for writing in a sticky folder. It is the whole kernel's, and restored.
    const setting = '/proc/sys/fs/protected_regular';
    const found = readFileSync(setting, 'latin1');
    t.teardown(() => writeFileSync(setting, found));
    for (const value of [found, '2']) {
      writeFileSync(setting, value);
      await host.systemctl('stop', UNIT);
      const before = (await sh('ls -ln data')).stdout;
      t.match(await as('hybrid-soak', 'hybrid-engine backup /tmp/copy.db'), {
        code: 12,
        stderr: /the engine is stopped, and this account cannot write beside it; valid: /,
      });
      t.match((await host.soak('status')).stdout, /engine/);
      t.equal((await sh('ls -ln data')).stdout, before);
      t.equal((await host.systemctl('start', UNIT)).code, 0);
      const rows = host.rows();
      await until('the engine commits', () => host.rows() > rows);
      t.match(await host.soak('status'), { code: 0, stdout: /heartbeat/ });
    }
  });

  await t.test("a backup by root is made as the engine's account, into a file that root opened", async (t) => {
    const made = await host.run('hybrid-engine', 'backup', '/root/copy.db');
    t.equal(made.code, 0, made.stderr);
    t.match((await sh('stat -c %U /root/copy.db; head -c 15 /root/copy.db')).stdout, /^root\nSQLite format 3/);
    await as('hybrid-engine', 'ln -s /etc/victim data/copy.db');
    t.not((await host.run('hybrid-engine', 'backup', 'data/copy.db')).code, 0);
    t.equal(await victim(), untouched);
    await as('hybrid-engine', 'rm data/copy.db');
  });

  await t.test('the backup and the restore of the runbook, word for word', async (t) => {
    const sudo =
      'sudo() { [ "$1" = -u ] && shift 2 && set -- setpriv --reuid=hybrid-engine --regid=hybrid-engine --init-groups "$@"; "$@"; }';
    const commands = commandsOf('ops/RUNBOOK.md', 'Backup and restore');
    const [, day] = /bot-([\d-]+)\.db/.exec(commands.join()) ?? [];
    const script = ['set -e', 'mkdir -p /var/backups', sudo, ...commands].join('\n');
    const made = await sh(script.replace('$(date +%F)', String(day)));
    t.match(made, { code: 0, stdout: /bot-.*: \d+ pages, checked/ }, made.stderr);
    const rows = host.rows();
    await until('the engine goes on from the copy', () => host.rows() > rows);
    t.equal(await host.show('ActiveState'), 'active');
    t.match((await sh('cd data && ls && rm -rf before-restore')).stdout, /^before-restore$/m);
  });

  await t.test('the engine and the fleet, started by root, are the accounts of their units', async (t) => {
    await host.systemctl('stop', UNIT);
    await sh('mv data/bot.db* /root');
    await as('hybrid-engine', 'ln -s /etc/made data/bot.db');
    const engine = await host.run(
      'timeout',
      '-s',
      'KILL',
      '5',
      'hybrid-engine',
      'run',
      '--config',
      'config/config.toml',
    );
    t.not(engine.code, 0);
    t.equal((await sh('ls /etc/made*')).stdout, '', 'nothing is made where the link leads');
    await sh('rm data/bot.db; mv /root/bot.db* data');
    t.match(await host.run('hybrid-engine', 'check-config', '--config', 'config/config.toml'), { code: 0 });
    await sh('install -m 600 /etc/victim /root/word');
    host.writeConfig(`${CONFIG}[fleet]\nservers = ["127.0.0.1:1"]\nuser = "u"\npassword_file = "/root/word"\n`);
    t.match(await host.run('hybrid-fleet', 'status', '--config', 'config/config.toml'), {
      code: 12,
      stderr: /password_file: \/root\/word cannot be read \(EACCES\)/,
    });
    host.writeConfig(CONFIG);
  });

  await t.test('operators, and they alone, start a soak of any time', async (t) => {
    await sh('useradd -G hybrid-soak-operators olga');
    t.not((await as('mallory', 'systemctl --no-ask-password start soak@5s.service')).code, 0);
    t.not((await as('olga', 'systemctl --no-ask-password stop dbus.service')).code, 0);
    const summaries = async () => Number((await sh('grep -c SUMMARY data/ops/soak_decisions.jsonl')).stdout);
    const before = await summaries();
    t.equal((await as('olga', 'systemctl --no-ask-password start soak@5s.service')).code, 0);
    await until('its summary', async () => (await summaries()) > before);
    t.match(await host.show('User', 'soak@5s.service'), 'hybrid-soak');
  });

  await t.test('root does not act where others can write, unless the unit is installed', async (t) => {
    await sh(
      'mkdir -p /srv/mallory/config /root/own/config; cp config/*.toml /srv/mallory/config; cp config/*.toml /root/own/config',
    );
    await sh('chown -R mallory /srv/mallory');
    const run = (folder: string) =>
      host.run('env', '-C', folder, 'HOME=/srv/mallory', 'soak', 'run', ...SHORT, '--manager', 'embedded');
    t.match(await run('/srv/mallory'), { code: 12, stderr: /another account can write in \/srv\/mallory/ });
    const own = await run('/root/own');
    t.ok(acted(own.code), own.stderr);
    t.equal((await sh('ls -A /srv/mallory')).stdout, 'config', "nothing is written where somebody's HOME leads");
  });
});
