import { closeSync, fstatSync, readSync } from 'node:fs';
import { type ByteSource, lineBlocks, parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import { openRegular } from './safe-open.ts';

/** `garbage`: lines that are not JSON, torn by a power loss or by an editor; they were skipped. */
export interface Lines {
  garbage: number;
}

/** Calls `use` with the file as it is now, and closes it. Throws the file system's error if it cannot be read. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  // A recording is named by a person: a link to it is as good.
  const fd = openRegular(path, 'read', { follow: true });
  try {
    return use({
      size: fstatSync(fd).size,
      read: (into, at) => readSync(fd, into, 0, into.length, at),
    });
  } finally {
    closeSync(fd);
  }
}

/**
 * Every value of a file with one JSON value a line, with its line, in order and in bounded memory, until `each` answers `false`. `wanted`
 * says by a line's text whether it is worth parsing; `from` is the offset of the first line. Throws as `withFile`.
 */
export function readJsonLines(
  path: string,
  each: (value: unknown, line: string) => unknown,
  { wanted = () => true, from = 0 }: { wanted?: (line: string) => boolean; from?: number } = {},
): Lines {
  const counted = { garbage: 0 };
  const take = (line: string): boolean => {
    if (!wanted(line)) return true;
    const parsed = parseJsonLine(line);
    if (parsed.kind === 'garbage') counted.garbage++;
    return parsed.kind !== 'value' || each(parsed.value, line) !== false;
  };
  withFile(path, (source) => {
    for (const { lines } of lineBlocks(source, { from })) for (const line of lines) if (!take(line)) return;
  });
  return counted;
}
