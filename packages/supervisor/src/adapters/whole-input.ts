import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** A log that cannot be followed is held in memory, up to this. */
const MOST_BYTES = 256 << 20;

/** More than fits, or something that does not unpack; the message says which. */
export class UnfitInput extends Error {
  override name = 'UnfitInput';
}

/** All of stdin (`-`), of a pipe or of a `.gz` file, unpacked. Throws UnfitInput, and what opening throws. */
export async function wholeInput(path: string): Promise<Buffer> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  const gunzip = path.endsWith('.gz') ? createGunzip() : null;
  if (gunzip !== null) input.on('error', (error: Error) => gunzip.destroy(error)).pipe(gunzip);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of gunzip ?? input) {
      bytes += (chunk as Buffer).length;
      if (bytes > MOST_BYTES) throw new UnfitInput(`${path}: over 256 MiB; valid: a smaller part of the log`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code?.startsWith('Z_')) throw new UnfitInput(`${path}: cannot be unpacked (${code}); valid: a whole gzip file`);
    throw error;
  }
  return Buffer.concat(chunks);
}
