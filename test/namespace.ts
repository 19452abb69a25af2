import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import type { Test } from 'tap';

const PREFIX = 'hybrid-test-';
const NAMESPACES = '/run/netns';
const FILES = '/etc/netns';

const ip = (...args: string[]) => void execFileSync('ip', args, { stdio: 'pipe' });

/** Why network namespaces cannot be made here (ip-netns(8)); false if they can. */
export function noNamespace(): string | false {
  if (process.getuid?.() !== 0) return 'only root makes network namespaces';
  const name = `${PREFIX}${process.pid}-try`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `ip netns: ${made.stderr ?? made.error?.message}`;
  spawnSync('ip', ['netns', 'del', name]);
  return false;
}

/**
 * A namespace with one link to this host: `outer` is this side's interface, `inner` the other's, `host` this side's address as
 * seen from inside, `files` the folder that ip-netns(8) lays over /etc for what runs in it. Gone with the test; those of tests
 * that were killed go first. `n` is for one test alone, over all files: 0 to 62.
 */
export function namespace(t: Test, n: number) {
  removeDead();
  const name = `${PREFIX}${process.pid}-${n}`;
  const [outer, inner] = [`hs${process.pid % 100_000}-${n}`, `hi${process.pid % 100_000}-${n}`];
  // https://www.rfc-editor.org/rfc/rfc2544: addresses for tests between two hosts.
  const at = (host: number) => `198.18.${process.pid % 250}.${n * 4 + host}`;
  const files = `${FILES}/${name}`;
  ip('netns', 'add', name);
  t.teardown(() => {
    spawnSync('ip', ['link', 'del', outer]);
    remove(name);
  });
  ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
  ip('link', 'set', inner, 'netns', name);
  ip('addr', 'add', `${at(1)}/30`, 'dev', outer);
  ip('link', 'set', outer, 'up');
  ip('-n', name, 'addr', 'add', `${at(2)}/30`, 'dev', inner);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'link', 'set', inner, 'up');
  return {
    name,
    host: at(1),
    files,
    /** This side's end of the link, or the other's. */
    link: (how: 'up' | 'down') => ip('link', 'set', outer, how),
    innerLink: (how: 'up' | 'down') => ip('-n', name, 'link', 'set', inner, how),
  };
}

/** The link goes with the namespace that one end of it is in. */
function remove(name: string): void {
  spawnSync('ip', ['netns', 'del', name]);
  rmSync(`${FILES}/${name}`, { recursive: true, force: true });
}

function removeDead(): void {
  for (const name of existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : []) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) remove(name);
  }
}
