import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../eventually.ts';
import { count, engineIn, folder, logLines } from './engine.ts';
import { BACK_WITHIN_MS, beats, exchange, RULES, state } from './exchange.ts';

const ip = (...args: string[]) => void execFileSync('ip', args, { stdio: 'pipe' });

/** Why namespaces cannot be made here; false if they can. */
function hindrance(): string | false {
  if (process.getuid?.() !== 0) return 'only root makes network namespaces';
  const name = `hybrid-try-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `ip netns: ${made.stderr ?? made.error?.message}`;
  spawnSync('ip', ['netns', 'del', name]);
  return false;
}

/** A namespace with one link to this host, and files of its own for names. */
function namespace(t: Test, n: number) {
  const name = `hybrid-${process.pid}-${n}`;
  const [outer, inner] = [`hs${process.pid % 100_000}-${n}`, `hi${process.pid % 100_000}-${n}`];
  // https://www.rfc-editor.org/rfc/rfc2544: addresses for tests between two hosts.
  const net = `198.18.${process.pid % 250}.${n * 4}`;
  const at = (host: number) => net.replace(/\d+$/, (last) => String(Number(last) + host));
  const files = join('/etc/netns', name);
  mkdirSync(files, { recursive: true });
  const hosts = (text: string) => writeFileSync(join(files, 'hosts'), text);
  writeFileSync(join(files, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  hosts(`${at(1)} exchange.test\n`);
  ip('netns', 'add', name);
  t.teardown(() => {
    spawnSync('ip', ['link', 'del', outer]);
    spawnSync('ip', ['netns', 'del', name]);
    rmSync(files, { recursive: true, force: true });
  });
  ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
  ip('link', 'set', inner, 'netns', name);
  ip('addr', 'add', `${at(1)}/30`, 'dev', outer);
  ip('link', 'set', outer, 'up');
  ip('-n', name, 'addr', 'add', `${at(2)}/30`, 'dev', inner);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'link', 'set', inner, 'up');
  return { name, host: at(1), hosts, link: (how: 'up' | 'down') => ip('-n', name, 'link', 'set', inner, how) };
}

// A peer behind a dead link answers no ping. A name is asked for often enough to be seen not to resolve.
const PINGS = `${RULES}ping_interval_ms = 1000\npong_timeout_ms = 2000\n`;
const OFTEN = RULES.replace('backoff_base_ms = 600000', 'backoff_base_ms = 200');

for (const [n, what] of (['interface', 'DNS'] as const).entries())
  t.test(
    `the ${what} gone and back: disconnected, heartbeat fresh, rows soon after`,
    { skip: hindrance() },
    async (t) => {
      const { name, host, hosts, link } = namespace(t, n);
      const { be, port } = await exchange(t, host);
      const place = what === 'DNS' ? 'exchange.test' : host;
      const cwd = folder(t.testdir({}), [`ws://${place}:${port}/ws/btcusdt@trade`], what === 'DNS' ? OFTEN : PINGS);
      const { child, ended, logged } = engineIn(name, cwd, 'run');
      await eventually(() => count(cwd) > 10);
      if (what === 'interface') link('down');
      else {
        hosts('');
        await be('gone');
        await be('here');
      }
      await eventually(() => state(cwd)?.state === 'disconnected');
      await beats(cwd);
      await beats(cwd);
      if (what === 'DNS') await logged('source lost', /ENOTFOUND|EAI_AGAIN/);
      t.equal(state(cwd)?.state, 'disconnected');
      const before = count(cwd);
      const backAt = performance.now();
      if (what === 'interface') link('up');
      else hosts(`${host} exchange.test\n`);
      await eventually(() => count(cwd) > before);
      t.ok(performance.now() - backAt < BACK_WITHIN_MS, `after ${Math.round(performance.now() - backAt)} ms`);
      child.kill('SIGTERM');
      const { code, stdout } = await ended;
      t.equal(code, 0);
      const lost = logLines(stdout).filter(({ msg }) => msg === 'source lost' || msg === 'probe ended');
      t.ok(
        lost.every(({ why }) => typeof why === 'string' && why !== ''),
        'each loss has its reason',
      );
    },
  );
