import { spawnSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { must } from './platform.ts';

/** Packs a release folder beside itself; the same folder gives the same bytes. Gzip if this machine has no zstd. */
export function tarball(folder: string, epoch: number, quick: boolean): string {
  const zstd = spawnSync('zstd', ['--version'], { stdio: 'ignore' }).status === 0;
  const file = `${folder}.tar.${zstd ? 'zst' : 'gz'}`;
  const tar = [
    '--sort=name',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
    `--use-compress-program=${zstd ? `zstd -${quick ? 1 : 19} -T1 -q` : `gzip -${quick ? 1 : 9}n`}`,
  ];
  must(dirname(folder), 'tar', [...tar, '-cf', `${file}.part`, basename(folder)]);
  renameSync(`${file}.part`, file);
  return file;
}
