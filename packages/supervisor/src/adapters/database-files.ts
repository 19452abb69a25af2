import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { FilesReading } from '@hybrid-soak/contract/sample.ts';

/** How large the database and its WAL are, and what is free for an account without privileges on their file system. */
export function readDatabaseFiles(db: string): FilesReading {
  try {
    const { bavail, bsize } = statfsSync(dirname(db));
    const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return available({ database_bytes: size(db), wal_bytes: size(`${db}-wal`), free_bytes: bavail * bsize });
  } catch (error) {
    return unavailable(`${db}: ${errorCode(error) ?? (error as Error).message}`);
  }
}
