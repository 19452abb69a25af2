import { readFileSync } from 'node:fs';
import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import t, { type Test } from 'tap';
import { Host, needsSystemd, UNIT } from './host.ts';

// Any CPU stall time climbs a rung.
const CONFIG =
  '# kept\n[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1 # one\n[soak.policy]\ncpu_limit = 0.05\n';
const CLASSIC = ['--policy', 'classic', '--calibrate', '0', '--interval', '2s', '--leave', 'running'];
const FILE = 'config/config.toml';

t.test('a config is left as it was found, not only in its bytes', needsSystemd(), async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const sh = async (script: string) => {
    const ran = await host.run('sh', '-c', script);
    if (ran.code !== 0) throw new Error(`${script}: ${ran.stderr}`);
    return ran.stdout.trim();
  };
  await sh('useradd reader');
  await host.systemctl('start', UNIT);
  await host.pressSlightly();

  /** Owner, mode, links, ACL and every extended attribute, as root sees them. */
  const asFound = () =>
    sh(
      `stat -c '%U:%G %a %h' ${FILE}; getfacl --absolute-names ${FILE}; getfattr --absolute-names -d -m - ${FILE} | sort`,
    );
  const onRung = async () => [5, 10, 20].includes(readSampleEvery(await sh(`cat ${FILE}`)) ?? 0);
  const inForce = () => host.decision('ENGINE_RESTARTED', (r) => r['current_sample_every'] !== 1);

  async function restores(t: Test) {
    const { code, stdout, stderr } = await host.soak('restore');
    t.match({ code, stdout }, { code: 0, stdout: /^restored: / }, stderr);
  }

  /** A soak that ends in good order with a rung in force, then one that is killed with a rung in force and restored from. */
  async function keeps(t: Test, during: (found: string) => Promise<void>) {
    const found = await asFound();
    for (const name of ['TERM', 'KILL']) {
      const { signal, ended } = host.startSoak('-d', '10m', ...CLASSIC);
      await inForce();
      // Stopped, or it would climb on and abort by itself before all is looked at.
      await signal('STOP');
      t.ok(await onRung());
      await during(found);
      await signal(name);
      const { code, stderr } = await ended;
      if (name === 'TERM') t.equal(code, 143, stderr);
      else await restores(t);
      t.equal(host.readConfig(), CONFIG, name);
      t.equal(await asFound(), found, name);
      t.equal(await sh('ls -A config'), 'config.toml\nws_sources.toml');
      t.equal(await host.show('ActiveState'), 'active');
    }
  }

  await t.test('with an ACL and attributes that the account can set, by a rename', async (t) => {
    await sh(`setfacl -m u:reader:r,g:hybrid-data:- ${FILE} && setfattr -n user.origin -v ansible ${FILE}`);
    const inode = await sh(`stat -c %i ${FILE}`);
    await keeps(t, async (found) => {
      t.equal(await asFound(), found, 'also while a rung is in force');
      t.not(await sh(`stat -c %i ${FILE}`), inode, 'it is another file');
    });
    t.match(await asFound(), /user:reader:r--[\s\S]*user\.origin="ansible"/);
  });

  await t.test('with a label that root alone can set and with a second name, in place', async (t) => {
    await sh(`setfattr -n security.selinux -v system_u:object_r:etc_t:s0 ${FILE} && ln ${FILE} /var/lib/other.toml`);
    const inode = await sh(`stat -c %i ${FILE}`);
    await keeps(t, async (found) => {
      t.equal(await asFound(), found, 'also while a rung is in force');
      t.equal(await sh(`stat -c %i ${FILE}`), inode, 'it is the same file');
    });
    t.match(await asFound(), /security\.selinux="system_u:object_r:etc_t:s0[\s\S]*user\.origin/);
    await sh('rm /var/lib/other.toml');
  });

  await t.test('that is a mount point of its own, in place', async (t) => {
    await sh(`cp -p ${FILE} /srv/mounted.toml && mount --bind /srv/mounted.toml ${FILE}`);
    await keeps(t, async () => {
      const state = JSON.parse(readFileSync(host.path('data/ops/soak_state.json'), 'utf8'));
      t.equal(state.original_text, CONFIG, 'the text that is written over is saved');
    });
    await sh(`umount ${FILE}`);
  });

  await t.test('that is immutable: refused at the start, with the command that helps', async (t) => {
    const pid = await host.show('MainPID');
    await sh(`chattr +i ${FILE}`);
    const refused = await host.soak('run', '-d', '10s', ...CLASSIC);
    await sh(`chattr -i ${FILE}`);
    t.match(refused, { code: 12, stdout: '', stderr: /config\.toml: immutable \(EPERM\); valid: chattr -ia/ });
    t.equal(await host.show('MainPID'), pid, 'the engine was left alone');
    t.equal((await host.run('test', '-e', 'data/ops/soak_state.json')).code, 1);
  });

  await t.test(
    'an engine that reads another config by a new drop-in: no rung is in force, and the soak fails',
    async (t) => {
      const dropIn = `/run/systemd/system/${UNIT}.d`;
      await sh(`install -m 640 -g hybrid-engine ${FILE} /srv/other.toml`);
      const exec = await sh(`sed -n 's/^ExecStart=//p' /etc/systemd/system/${UNIT}`);
      const other = exec.replace(/--config \S+/, '--config /srv/other.toml');
      // The drop-in comes between the first look and the second, which climbs a rung.
      const { ended } = host.startSoak('-d', '30s', ...CLASSIC.map((word) => (word === '2s' ? '20s' : word)));
      await host.decision('STARTUP');
      await sh(
        `mkdir -p ${dropIn} && printf '[Service]\\nExecStart=\\nExecStart=%s\\n' '${other}' > ${dropIn}/other.conf`,
      );
      await host.systemctl('daemon-reload');
      const failed = await host.decision('ENGINE_RESTART_FAILED');
      t.match(failed['error'] ?? failed['reason'], /the engine still samples 1 in 1/);
      const { code, stdout } = await ended;
      t.equal(code, 20, stdout);
      t.same(
        host.decisions('ENGINE_RESTARTED').filter((r) => r['state'] !== 'NORMAL'),
        [],
      );
      t.equal(host.readConfig(), CONFIG);
      await sh(`rm -r ${dropIn} && systemctl daemon-reload`);
    },
  );
});
