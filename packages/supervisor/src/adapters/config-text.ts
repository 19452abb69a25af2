import { readRegular } from './safe-open.ts';

/** The file's text, byte for byte; throws if it is not UTF-8, since writing it again would change those bytes. */
export function readText(path: string): string {
  const bytes = readRegular(path, { follow: true });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error('not UTF-8, which TOML requires');
  }
}
