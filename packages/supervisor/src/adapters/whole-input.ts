import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { constants, gunzipSync } from 'node:zlib';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

/** A log that cannot be followed is held in memory, up to this. */
const MOST_BYTES = 256 << 20;

/** More than fits, or something that does not unpack; the message says which. */
export class UnfitInput extends Error {
  override name = 'UnfitInput';
}

export interface WholeInput {
  bytes: Buffer;
  /** A packed file ends in its middle: `bytes` is what could be unpacked. */
  cut: boolean;
}

/** All of stdin (`-`), of a pipe or of a `.gz` file, unpacked. Throws UnfitInput, and what opening throws. */
export async function wholeInput(path: string): Promise<WholeInput> {
  const raw = await buffer(bounded(path));
  if (!path.endsWith('.gz')) return { bytes: raw, cut: false };
  try {
    return { bytes: gunzipSync(raw, { maxOutputLength: MOST_BYTES }), cut: false };
  } catch (error) {
    if (errorCode(error) !== 'Z_BUF_ERROR') throw unfit(path, error);
  }
  // With a softer end zlib returns what comes before it.
  const options = { maxOutputLength: MOST_BYTES, finishFlush: constants.Z_SYNC_FLUSH };
  return { bytes: gunzipSync(raw, options), cut: true };
}

async function* bounded(path: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BYTES) throw tooLong(path);
    yield chunk as Buffer;
  }
}

const tooLong = (path: string) => new UnfitInput(`${path}: over 256 MiB; valid: a smaller part of the log`);

function unfit(path: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLong(path);
  return code?.startsWith('Z_') ? new UnfitInput(`${path}: cannot be unpacked (${code}); valid: a gzip file`) : error;
}
