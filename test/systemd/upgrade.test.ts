import t from 'tap';
import { INSIDE, STATE } from '../../ops/sandbox/machine.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';
import { releases } from './prepared.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const LINKED = `${INSIDE}/packages/supervisor/bin/soak`;

t.test('installing over what is there', needsSystemd(), async (t) => {
  const [first, second] = releases();
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const sh = (script: string) => host.machine.run(['sh', '-c', script]);
  const owners = async (...paths: string[]) =>
    (await sh(`cd ${STATE}; stat -c '%n %U:%G %a' ${paths.join(' ')}`)).stdout;

  await t.test('modes of a release are set, whatever the umask and the modes of its source', async (t) => {
    t.equal((await sh(`${LINKED} uninstall && rm -rf ${STATE}`)).code, 0);
    await sh(
      `cp -r ${first.folder} /root/loose && find /root/loose -type f ! -perm -100 -exec chmod 666 {} + && chmod -R o-rx /root/loose`,
    );
    const said = await sh('umask 077; /root/loose/bin/soak install');
    t.equal(said.code, 0, said.stderr);
    t.equal(
      (await sh('find /opt/hybrid-soak -type f -perm /022 -o -type d ! -perm 755 -o -type f ! -perm -444')).stdout,
      '',
    );
    const placed = '/etc/sysusers.d/hybrid-soak.conf /etc/tmpfiles.d/hybrid-soak.conf /etc/systemd/system/soak.service';
    t.equal(
      (await sh(`stat -c %a ${placed} /etc/logrotate.d/hybrid-soak /etc/polkit-1/rules.d/50-hybrid-soak.rules`)).stdout,
      Array(5).fill('644').join('\n'),
    );
    host.writeConfig(CONFIG);
    t.equal((await host.systemctl('start', UNIT)).code, 0);
    await until('rows', () => host.rows() > 0);
  });

  await t.test('an upgrade leaves the tree that runs, and the next one removes it', async (t) => {
    const running = (await sh('readlink -f /opt/hybrid-soak/current')).stdout;
    t.equal((await sh(`${second.soak} install`)).code, 0);
    t.match((await sh('readlink /opt/hybrid-soak/current')).stdout, /releases\/0\.1\.9-/);
    t.equal((await sh(`test -e ${running}/bin/soak`)).code, 0, 'the engine still runs from it');
    t.equal((await host.systemctl('restart', UNIT)).code, 0);
    t.match((await sh(`${second.soak} install`)).stdout, /remove {3}\/opt\/hybrid-soak\/releases\/0\.1\.8-/);
    t.equal((await sh(`test -e ${running}`)).code, 1);
  });

  await t.test('during a soak nothing is installed or removed', async (t) => {
    const { ended, signal } = host.startSoak('-d', '10m', '--psi-actions', 'off', '--calibrate', '0');
    await host.decision('STARTUP');
    for (const command of ['install', 'uninstall'])
      t.match(await sh(`${first.soak} ${command}`), {
        code: 12,
        stderr: /^soak \w+: a soak is running \(pid \d+\); valid: /,
      });
    t.match(await sh(`${first.soak} uninstall --dry-run`), { code: 0 });
    await signal('TERM');
    await ended;
  });

  await t.test('folders that were replaced by links are refused, and lead nowhere', async (t) => {
    await host.systemctl('stop', UNIT);
    t.equal((await sh(`${second.soak} uninstall`)).code, 0);
    await sh(`mkdir -p /srv/victim && chmod 700 /srv/victim && echo precious > /srv/victim/config.toml`);
    const victim = () =>
      sh('stat -c "%U:%G %a" /srv/victim /srv/victim/*; ls /srv/victim; cat /srv/victim/config.toml');
    const before = (await victim()).stdout;
    for (const name of ['config', 'data', 'data/ops']) {
      const path = `${STATE}/${name}`;
      await sh(`mv ${path} /root/kept && ln -s /srv/victim ${path}`);
      t.match(await sh(`${second.soak} install`), {
        code: 12,
        stderr: `${path}: is a symbolic link; valid: a folder, or nothing`,
      });
      t.equal((await victim()).stdout, before, name);
      await sh(`rm ${path} && mv /root/kept ${path}`);
    }
    t.equal((await sh(`${second.soak} install`)).code, 0);
  });

  await t.test('an installation whose engine and supervisor shared an account keeps database and config', async (t) => {
    await host.systemctl('start', UNIT);
    await until('rows', () => host.rows() > 0);
    // A kill leaves a database whose last rows are in its -wal; the unit's restart would end with a clean stop.
    const dropIn = `/run/systemd/system/${UNIT}.d`;
    await sh(
      `mkdir -p ${dropIn} && printf '[Service]\\nRestart=no\\n' > ${dropIn}/down.conf && systemctl daemon-reload`,
    );
    await host.systemctl('kill', '--signal=KILL', UNIT);
    await until('it is down', async () => (await host.show('ActiveState')) === 'failed');
    await sh(`rm -r ${dropIn} && systemctl daemon-reload && systemctl reset-failed ${UNIT}`);
    const rows = host.rows();
    // As version 0.1.0 left it: everything of hybrid-soak, a manifest without the accounts that came later.
    await sh(
      `chown -R hybrid-soak:hybrid-soak ${STATE} && chmod 750 ${STATE} ${STATE}/config ${STATE}/data ${STATE}/data/ops`,
    );
    await sh(`echo old > ${STATE}/data/ops/soak_decisions.jsonl; chown hybrid-soak: ${STATE}/data/ops/*`);
    await sh(
      `ln -s /etc/shadow ${STATE}/data/link; ln /etc/hostname ${STATE}/data/second 2>/dev/null || ln /etc/passwd ${STATE}/data/second; chown -h hybrid-soak ${STATE}/data/link`,
    );
    await sh(`sed -i 's/"v": 2/"v": 1/' /opt/hybrid-soak/install.json`);
    t.match(await sh(`${second.soak} install`), {
      code: 12,
      stderr: /^soak install: version \S+ is installed.*; valid: soak uninstall \(configuration and data stay in /,
    });
    const removed = await sh(`${second.soak} uninstall`);
    t.equal(removed.code, 0, removed.stderr);
    const said = await sh(`${second.soak} install`);
    t.equal(said.code, 0, said.stderr);
    t.match(said.stdout, /adopt {4}.*bot\.db-wal/);
    t.match(said.stdout, /stays {4}.*data\/link: a symbolic link/);
    t.match(said.stdout, /stays {4}.*data\/second: has 2 names/);
    t.match(
      await owners('. config data data/ops'),
      /\. root:hybrid-data 750\nconfig hybrid-soak:hybrid-engine 2750\ndata root:hybrid-engine 3775\ndata\/ops hybrid-soak:hybrid-soak 2750/,
    );
    t.match(
      await owners('config/config.toml', 'data/bot.db', 'data/ops/soak_decisions.jsonl'),
      /config\.toml hybrid-soak:hybrid-engine 640\n.*bot\.db hybrid-engine:hybrid-engine 644\n.*jsonl hybrid-soak:hybrid-soak 640/,
    );
    t.equal((await sh('stat -c %U /etc/shadow /etc/passwd')).stdout, 'root\nroot');
    t.equal(host.readConfig(), CONFIG);
    t.ok(host.rows() >= rows, 'what was in the -wal is there');
    t.equal((await host.systemctl('start', UNIT)).code, 0);
    await until('more rows', () => host.rows() > rows);
    t.match(await sh(`${second.soak} install`), { stdout: /is installed already/ });
  });

  await t.test("a configuration that root's editor replaced is the supervisor's again after install", async (t) => {
    await sh(
      `cd ${STATE}/config && cp config.toml /root/edited && rm config.toml && cp /root/edited config.toml && chmod 600 config.toml`,
    );
    t.match(await host.soak('doctor'), { code: 20, stdout: /cannot read .*config\.toml|config\.toml/ });
    t.match(await sh(`${second.soak} install`), { code: 0, stdout: /adopt {4}.*config\.toml/ });
    t.match(await owners('config/config.toml'), /hybrid-soak:hybrid-engine 640/);
  });
});
