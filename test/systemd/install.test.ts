import t from 'tap';
import { INSIDE } from '../../ops/sandbox/machine.ts';
import { Host, needsSystemd, UNIT, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';
const SOAK = `${INSIDE}/packages/supervisor/bin/soak`;
const WATCHED =
  '/etc/systemd/system /etc/polkit-1 /opt/hybrid-soak /usr/local/bin /var/lib/hybrid-soak/config /etc/passwd';

t.test('soak install on a real systemd', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const outside = (...command: string[]) => host.machine.run(['env', '-C', '/', ...command]);
  /** Every file with its content, its mode and its time. */
  const state = async () => {
    const list = `find ${WATCHED} -printf '%p %m %u %l %T@\\n' | sort; find ${WATCHED} -type f -print0 | sort -z | xargs -0 sha256sum`;
    return (await outside('sh', '-c', list)).stdout;
  };
  /** What an installation must not have left: every path outside of it, with its kind, mode, owner and target. */
  const unpacked = async () => {
    const list = `find /etc /opt/hybrid-soak /usr/local /var/lib/hybrid-soak /var/cache -name '*-' -o -printf '%p %y %m %u %l\n'`;
    const sums = 'sha256sum /etc/passwd /etc/group; cat /etc/systemd/system/hybrid-engine.service';
    return (await outside('sh', '-c', `${list} 2>/dev/null | sort; ${sums}`)).stdout;
  };
  const install = (...args: string[]) => outside(SOAK, 'install', '--link', INSIDE, ...args);

  await t.test('a second run changes nothing', async (t) => {
    const before = await state();
    t.match(await install(), { code: 0, stdout: /is installed already/ });
    t.equal(await state(), before);
    const verified = await host.run('systemd-analyze', 'verify', `/etc/systemd/system/${UNIT}`);
    t.match(verified, { code: 0, stderr: '' });
  });

  await t.test('a dry run prints every file and command, and changes nothing', async (t) => {
    const before = await state();
    const said = await outside(SOAK, 'uninstall', '--dry-run');
    t.match(said.stdout, /would: run {6}systemctl disable --now .*hybrid-engine/);
    for (const name of ['hybrid.slice', UNIT, 'soak.service', '10-machine.conf', '50-hybrid-soak.rules', 'bin/soak'])
      t.match(said.stdout, new RegExp(`would: remove .*${name}`));
    t.match(
      (await outside(SOAK, 'install', '--user', '--dry-run')).stdout,
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
    const { stdout } = await outside('sh', '-c', 'ls /etc/systemd/system /etc/polkit-1/rules.d /usr/local/bin /opt');
    t.notMatch(stdout, /hybrid|soak$/m);
    t.match(stdout, /soak\.service/);
    t.equal(host.readConfig(), CONFIG);
    t.ok(host.rows() > 0);
    t.equal(await host.show('LoadState'), 'not-found');
    t.match(await outside(SOAK, 'uninstall'), { code: 0, stdout: 'nothing is installed' });
  });

  await t.test('what install replaces is kept, and put back by uninstall', async (t) => {
    const mine = '[Unit]\nDescription=mine\n[Service]\nExecStart=/bin/true\n';
    await outside('sh', '-c', `printf '${mine.replaceAll('\n', '\\n')}' > /etc/systemd/system/${UNIT}`);
    await outside('ln', '-sf', '/bin/false', '/usr/local/bin/soak');
    const said = await outside(SOAK, 'install');
    t.match(said, { code: 0, stdout: /backup {3}\/etc\/systemd\/system\/hybrid-engine\.service/ });
    t.match((await outside('readlink', '/opt/hybrid-soak/current')).stdout, /^\/opt\/hybrid-soak\/releases\/\d/);
    t.match(await outside('/opt/hybrid-soak/current/packages/supervisor/bin/soak', 'install'), {
      code: 0,
      stdout: /is installed already/,
    });
    t.match(await outside(SOAK, 'install'), { code: 0, stdout: /is installed already/ });
    t.equal((await host.systemctl('start', UNIT)).code, 0);
    await until('rows', () => host.rows() > 0);
    t.match(await host.soak('uninstall'), { code: 0 });
    t.equal((await outside('cat', `/etc/systemd/system/${UNIT}`)).stdout, mine.trim());
    t.equal((await outside('readlink', '/usr/local/bin/soak')).stdout.trim(), '/bin/false');
    t.equal((await outside('ls', '/opt')).stdout.includes('hybrid-soak'), false);
  });

  await t.test(
    'after a kill -9 of install a second one ends it, and uninstall leaves everything as it was',
    async (t) => {
      await outside('sh', '-c', 'rm -rf /var/lib/hybrid-soak; userdel hybrid-soak; systemctl daemon-reload');
      const before = await unpacked();
      for (const progress of ['/opt/hybrid-soak/releases/0.1.0.new/config', '/etc/systemd/system/soak.service']) {
        const interrupted = outside(SOAK, 'install');
        await until(progress, async () => (await outside('test', '-e', progress)).code === 0);
        await outside('pkill', '-KILL', '-f', 'supervisor/src/main.ts install');
        await interrupted;
        t.match(await outside(SOAK, 'install'), {
          code: 0,
          stdout: /run {6}systemctl daemon-reload|installed already/,
        });
        t.match(await outside(SOAK, 'install'), { code: 0, stdout: /is installed already/ });
        t.equal(await host.show('NeedDaemonReload'), 'no');
        t.equal(await host.show('LoadState', 'soak.service'), 'loaded');
        t.equal((await outside('stat', '-c', '%U', '/var/lib/hybrid-soak/data/ops')).stdout, 'hybrid-soak');
        t.match(await outside(SOAK, 'uninstall'), { code: 0 });
        t.equal(await unpacked(), before);
      }
    },
  );
});
