import t from 'tap';
import { INSIDE } from '../../ops/sandbox/machine.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';
import { releases } from './prepared.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const SOAK = `${INSIDE}/packages/supervisor/bin/soak`;
/** What an installation makes. Whole folders of the host are not compared: others may install something meanwhile. */
const WATCHED = [
  '/etc/systemd/system/hybrid*',
  '/etc/systemd/system/soak*',
  ...['sysusers.d', 'tmpfiles.d', 'logrotate.d', 'polkit-1/rules.d'].map((folder) => `/etc/${folder}/*hybrid*`),
  '/opt/hybrid-soak',
  '/usr/local/bin/soak',
  '/usr/local/bin/hybrid-*',
  '/usr/local/share/*/*/*soak*',
  '/usr/local/share/*/*/*hybrid-*',
  '/etc/fish/completions/*soak*',
  '/etc/fish/completions/hybrid-*',
  '/var/lib/hybrid-soak',
  '/var/cache/hybrid-soak*',
  '/run/hybrid-soak',
].join(' ');
const ACCOUNTS = 'grep hybrid /etc/passwd /etc/group';

t.test('soak install on a real systemd', needsSystemd(), async (t) => {
  const [release] = releases();
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const outside = (...command: string[]) => host.machine.run(['env', '-C', '/', ...command]);
  /** Every path with its kind, mode, owner and time, every file's content, and the accounts. */
  const state = async (times = true) => {
    const list = `find ${WATCHED} -printf '%p %y %m %u:%g %l ${times ? '%T@' : ''}\\n' | sort`;
    const contents = `find ${WATCHED} -type f -print0 | sort -z | xargs -0r sha256sum`;
    return (await outside('sh', '-c', `(${list}; ${contents}; ${ACCOUNTS}) 2>/dev/null`)).stdout;
  };
  const unpacked = () => state(false);
  const install = (...args: string[]) => outside(SOAK, 'install', '--link', INSIDE, ...args);

  await t.test('a second run changes nothing', async (t) => {
    t.match(await install(), { code: 0, stdout: /link {5}\/opt\/hybrid-soak\/current/ });
    const before = await state();
    t.match(await install(), { code: 0, stdout: /is installed already/ });
    t.equal(await state(), before);
    for (const unit of [UNIT, 'soak.service', 'soak@8h.service', 'soak-restore.service']) {
      t.match(await host.run('systemd-analyze', 'verify', unit), { code: 0, stderr: '' }, unit);
      const { stdout } = await host.run('systemd-analyze', 'security', '--no-pager', unit);
      t.ok(Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]) <= 1.3, `${unit} is exposed at most 1.3`);
    }
  });

  await t.test('manual pages and completions are where man and the shells look', async (t) => {
    const pages = await outside('sh', '-c', 'cd /usr/local/share/man/man1 && ls hybrid-* soak*');
    t.equal(pages.stdout, 'hybrid-engine.1\nhybrid-feed.1\nhybrid-fleet.1\nsoak.1');
    const share = '/usr/local/share';
    const places = ['soak', 'hybrid-engine', 'hybrid-feed', 'hybrid-fleet'].flatMap((name): [string, string][] => [
      [`${share}/bash-completion/completions/${name}`, `_${name.replace('-', '_')}() {`],
      [`${share}/zsh/site-functions/_${name}`, `#compdef ${name}`],
      [`/etc/fish/completions/${name}.fish`, `complete -c ${name} `],
    ]);
    const { stdout } = await outside('head', '-q', '-n', '1', ...places.map(([path]) => path));
    const firsts = stdout.split('\n');
    for (const [at, [path, first]] of places.entries()) t.ok(firsts[at]?.startsWith(`${first}`), path);
  });

  await t.test('a dry run prints every file and command, and changes nothing', async (t) => {
    const before = await state();
    const said = await outside(SOAK, 'uninstall', '--dry-run');
    t.match(said.stdout, /would: run {6}systemctl disable --now .*hybrid-engine/);
    const units = [
      'hybrid.slice',
      UNIT,
      'soak.service',
      'soak@.service',
      'soak-restore.service',
      'hybrid-fleet.service',
    ];
    const others = ['50-hybrid-soak.rules', 'sysusers.d', 'tmpfiles.d', 'logrotate.d', 'bin/soak'];
    for (const name of [...units, ...others]) t.match(said.stdout, new RegExp(`would: remove .*${name}`));
    t.match(
      (await outside(release.soak, 'install', '--user', '--dry-run')).stdout,
      /would: file .*\/systemd\/user\/hybrid-engine/,
    );
    t.equal(await state(), before);
  });

  await t.test('uninstall takes away what install made; configuration, data and what was edited stay', async (t) => {
    await host.systemctl('start', UNIT);
    await until('rows', () => host.rows() > 0);
    await host.run('sh', '-c', 'echo "# mine" >> /etc/systemd/system/soak.service');
    const said = await outside(SOAK, 'uninstall');
    t.equal(said.code, 0, said.stderr);
    t.match(said.stdout, /stays {4}\/etc\/systemd\/system\/soak\.service: edited since/);
    const readable = ['/usr/local/share/*/*/*soak*', '/usr/local/share/*/*/*hybrid-*', '/etc/fish/completions/*'];
    const made = [
      '/opt/hybrid-soak',
      '/usr/local/bin/soak',
      '/usr/local/bin/hybrid-*',
      '/run/hybrid-soak',
      ...readable,
    ];
    const declared = ['/etc/sysusers.d', '/etc/tmpfiles.d', '/etc/logrotate.d'].map(
      (folder) => `${folder}/hybrid-soak*`,
    );
    const units = ['hybrid*', 'soak@*', 'soak-*'].map((name) => `/etc/systemd/system/${name}`);
    const all = [...made, ...declared, ...units, '/etc/polkit-1/rules.d/50-hybrid-soak.rules'].join(' ');
    t.equal((await outside('sh', '-c', `ls -d ${all} 2>/dev/null`)).stdout, '');
    t.equal(host.readConfig(), CONFIG);
    t.ok(host.rows() > 0);
    t.equal(await host.show('LoadState'), 'not-found');
    t.match(await outside(SOAK, 'uninstall'), { code: 0, stdout: 'nothing is installed' });
  });

  await t.test('what install replaces is kept, and restored by uninstall', async (t) => {
    const mine = '[Unit]\nDescription=mine\n[Service]\nExecStart=/bin/true\n';
    await outside('sh', '-c', `printf '${mine.replaceAll('\n', '\\n')}' > /etc/systemd/system/${UNIT}`);
    await outside('ln', '-sf', '/bin/false', '/usr/local/bin/soak');
    const said = await outside(release.soak, 'install');
    t.match(said, { code: 0, stdout: /backup {3}\/etc\/systemd\/system\/hybrid-engine\.service/ });
    t.match((await outside('readlink', '/opt/hybrid-soak/current')).stdout, /^\/opt\/hybrid-soak\/releases\/\d/);
    t.match(await outside('/opt/hybrid-soak/current/bin/soak', 'install'), {
      code: 0,
      stdout: /is installed already/,
    });
    t.match(await outside(release.soak, 'install'), { code: 0, stdout: /is installed already/ });
    t.equal((await host.systemctl('start', UNIT)).code, 0);
    await until('rows', () => host.rows() > 0);
    t.match(await host.soak('uninstall'), { code: 0 });
    t.equal((await outside('cat', `/etc/systemd/system/${UNIT}`)).stdout, mine.trim());
    t.equal((await outside('readlink', '/usr/local/bin/soak')).stdout.trim(), '/bin/false');
    t.equal((await outside('test', '-e', '/opt/hybrid-soak')).code, 1);
  });

  await t.test(
    'after a kill -9 of install a second one ends it, and uninstall leaves everything as it was',
    async (t) => {
      const accounts =
        'userdel hybrid-fleet-control; userdel hybrid-fleet; userdel hybrid-soak; userdel hybrid-engine; groupdel hybrid-data; groupdel hybrid-soak-operators';
      await outside(
        'sh',
        '-c',
        `rm -rf /var/lib/hybrid-soak /etc/systemd/system/${UNIT} /usr/local/bin/soak; ${accounts}; systemctl daemon-reload`,
      );
      const before = await unpacked();
      // In the middle of the copy of the release; after the accounts and folders; in the middle of the units.
      for (const point of ['.new/config/config.toml', '/50-hybrid-soak.rules', '/system/soak.service']) {
        const killed = { KILL_AT: point, NODE_OPTIONS: `--require=${INSIDE}/test/systemd/kill-at.cjs` };
        const interrupted = await host.machine.run(['env', '-C', '/', release.soak, 'install'], { env: killed });
        t.equal(interrupted.code, -1, `killed at ${point}`);
        t.not(await unpacked(), before);
        t.match(await outside(release.soak, 'install'), {
          code: 0,
          stdout: /run {6}systemctl daemon-reload|installed already/,
        });
        t.match(await outside(release.soak, 'install'), { code: 0, stdout: /is installed already/ });
        t.equal(await host.show('NeedDaemonReload'), 'no');
        t.equal(await host.show('LoadState', 'soak.service'), 'loaded');
        t.equal((await outside('stat', '-c', '%U', '/var/lib/hybrid-soak/data/ops')).stdout, 'hybrid-soak');
        t.match(await outside(SOAK, 'uninstall'), { code: 0 });
        t.equal(await unpacked(), before);
      }
    },
  );
});
