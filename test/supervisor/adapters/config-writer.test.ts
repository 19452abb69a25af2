import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { attributesOf, paxRecords } from '@hybrid-soak/supervisor/adapters/attributes.ts';
import { configWay, writeConfig } from '@hybrid-soak/supervisor/adapters/config-writer.ts';
import t, { type Test } from 'tap';

const BEFORE = '# before, and longer\n[engine]\nsample_every = 10\n';
const AFTER = '[engine]\nsample_every = 5\n';
const isRoot = process.getuid?.() === 0;
const needsRoot = { skip: isRoot ? false : 'needs root' };

function config(t: Pick<Test, 'testdir'>) {
  const folder = t.testdir({ 'config.toml': BEFORE });
  return { folder, path: join(folder, 'config.toml') };
}

/** user.* attributes need a file system that has them, and a tool to set them. */
function setAttribute(path: string): boolean {
  const script = 'import os,sys; os.setxattr(sys.argv[1], "user.soak", b"kept")';
  return spawnSync('python3', ['-c', script, path]).status === 0;
}

t.test('a file is replaced by a rename, its owner, mode and attributes kept, nothing left beside it', async (t) => {
  const { folder, path } = config(t);
  chmodSync(path, 0o640);
  if (isRoot) chownSync(path, 12, 34);
  const attributed = setAttribute(path);
  const { ino } = statSync(path);
  const before = attributesOf(path);
  t.equal(configWay(path), 'rename');
  t.equal(statSync(path).ino, ino, 'trying changes nothing');
  t.equal(writeConfig(path, AFTER), 'rename');
  t.equal(readFileSync(path, 'utf8'), AFTER);
  t.equal(attributesOf(path), before);
  if (attributed) t.match(before, 'SCHILY.xattr.user.soak=kept');
  t.not(statSync(path).ino, ino);
  t.same(readdirSync(folder), ['config.toml']);
});

t.test('a file with several names is written in place, and stays one file', async (t) => {
  const { folder, path } = config(t);
  linkSync(path, join(folder, 'other.toml'));
  t.equal(configWay(path), 'in place');
  t.equal(writeConfig(path, AFTER), 'in place');
  t.equal(readFileSync(join(folder, 'other.toml'), 'utf8'), AFTER);
  t.same(readdirSync(folder).sort(), ['config.toml', 'other.toml']);
});

t.test('attributes that cannot be kept are a reason to write in place', async (t) => {
  const { folder, path } = config(t);
  chmodSync(path, 0o640);
  // A cp that keeps nothing and says nothing, as it does where the file system or the account cannot.
  const PATH = process.env['PATH'];
  const bin = t.testdir({ cp: '#!/bin/sh\nexit 0\n', 'config.toml': BEFORE });
  chmodSync(join(bin, 'cp'), 0o755);
  process.env['PATH'] = `${bin}:${PATH}`;
  t.teardown(() => {
    process.env['PATH'] = PATH;
  });
  t.equal(writeConfig(path, AFTER), 'in place');
  t.equal(readFileSync(path, 'utf8'), AFTER);
  t.equal(statSync(path).mode & 0o777, 0o644);
  t.notOk(readdirSync(folder).some((name) => name.startsWith('.config')));
});

t.test(
  'a mount point of its own is written in place; one that is read-only is refused with the command',
  needsRoot,
  async (t) => {
    const { path } = config(t);
    // In a mount namespace of its own, which takes the mount away again.
    const script = `mount --bind "$1" "$1" && "$2" -e '
    const { writeConfig, configWay } = await import(process.argv[1]);
    console.log(configWay(process.argv[2]), writeConfig(process.argv[2], process.argv[3]));
    (await import("node:child_process")).execFileSync("mount", ["-o", "remount,ro,bind", process.argv[2]]);
    try { configWay(process.argv[2]); } catch (error) { console.log(error.exitCode, error.message); }
  ' "$3" "$1" "$4"`;
    const module = import.meta.resolve('@hybrid-soak/supervisor/adapters/config-writer.ts');
    const ran = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', path, process.execPath, module, AFTER], {
      encoding: 'utf8',
    });
    t.match(ran.stdout, /^in place in place\n12 .*config\.toml: .*EROFS.*valid: mount -o remount,rw/, ran.stderr);
    t.equal(readFileSync(path, 'utf8'), AFTER);
  },
);

t.test('an immutable file is refused, with the command that helps', needsRoot, async (t) => {
  const { path } = config(t);
  if (spawnSync('chattr', ['+i', path]).status !== 0) return t.comment('SKIP: no immutable files on this file system');
  try {
    t.throws(() => configWay(path), { exitCode: 12, message: `${path}: immutable (EPERM); valid: chattr -ia ${path}` });
  } finally {
    execFileSync('chattr', ['-i', path]);
  }
});

t.test('records of a pax header are read by their length', async (t) => {
  const { path } = config(t);
  t.same(paxRecords(Buffer.alloc(1024)), []);
  if (!setAttribute(path)) return t.comment('SKIP: no user attributes here');
  const archive = execFileSync('tar', [
    '-c',
    '--format=posix',
    '--xattrs',
    '--xattrs-include=*',
    '-C',
    join(path, '..'),
    'config.toml',
  ]);
  t.ok(paxRecords(archive).includes('SCHILY.xattr.user.soak=kept'));
});

t.test('a link is not followed', async (t) => {
  const { folder, path } = config(t);
  symlinkSync(path, join(folder, 'link.toml'));
  t.throws(() => writeConfig(join(folder, 'link.toml'), AFTER));
  t.equal(readFileSync(path, 'utf8'), BEFORE);
});
