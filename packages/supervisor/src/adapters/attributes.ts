import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const BLOCK = 512;

/**
 * Everything of a file but its content and times: mode, owner, ACL, extended attributes, SELinux label, as one text to
 * compare. `tar` is what shows them on every distribution: as pax headers (pax(1), "SCHILY." and "RHT." keywords). Null if they
 * cannot be read.
 */
export function attributesOf(path: string): string | null {
  const { status, stdout } = spawnSync(
    'tar',
    [
      ...[
        '--create',
        '--file=-',
        '--format=posix',
        '--no-recursion',
        '--xattrs',
        '--xattrs-include=*',
        '--acls',
        '--selinux',
      ],
      ...[`--directory=${dirname(path)}`, '--', basename(path)],
    ],
    { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' } },
  );
  if (status !== 0) return null;
  const { mode, uid, gid } = statSync(path);
  return JSON.stringify([
    mode,
    uid,
    gid,
    ...paxRecords(stdout)
      .filter((record) => /^(SCHILY|RHT)\./.test(record))
      .sort(),
  ]);
}

/** The records `KEY=VALUE` of the extended header (type x) that begins a pax archive; none if it has none. */
export function paxRecords(archive: Buffer): string[] {
  if (archive.toString('latin1', 156, 157) !== 'x') return [];
  const size = Number.parseInt(archive.toString('latin1', 124, 136), 8);
  const records: string[] = [];
  for (let at = BLOCK; at < BLOCK + size; ) {
    // "LENGTH KEY=VALUE\n", the length in decimal and of the whole record.
    const blank = archive.indexOf(0x20, at);
    const length = Number(archive.toString('latin1', at, blank));
    if (!(length > 0)) break;
    records.push(archive.toString('latin1', blank + 1, at + length - 1));
    at += length;
  }
  return records;
}

/** Gives `to` what `from` has of all that; whether it worked has to be looked at: cp(1) drops silently what it cannot keep. */
export function copyAttributes(from: string, to: string): void {
  spawnSync('cp', ['--attributes-only', '--preserve=mode,ownership,xattr', '--', from, to], { stdio: 'ignore' });
}
