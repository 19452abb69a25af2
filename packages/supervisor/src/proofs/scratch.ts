import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';

export interface Status {
  pid: number;
  invocation_id: string | null;
  frames_received: number;
  ticks_written: number;
  sample_every: number;
}

/** The engine's database of the proofs, read only. Null where there is none yet, or no table in it. */
export function scratchDatabase(path: string) {
  let open: Database.Database | null = null;
  const ask = <T>(sql: string, ...values: unknown[]): T[] | null => {
    if (open === null && !existsSync(path)) return null;
    try {
      open ??= new Database(path, { readonly: true, fileMustExist: true, timeout: 250 });
      return open.prepare(sql).all(...values) as T[];
    } catch (error) {
      open?.close();
      open = null;
      if (/no such table|unable to open/.test((error as Error).message)) return null;
      throw error;
    }
  };
  return {
    path,
    ask,
    status: (): Status | null => ask<Status>('SELECT * FROM engine_status WHERE id = 1')?.[0] ?? null,
    lastId: (): number => ask<{ id: number | null }>('SELECT MAX(id) AS id FROM ticks')?.[0]?.id ?? 0,
    close() {
      open?.close();
      open = null;
    },
  };
}
export type Scratch = ReturnType<typeof scratchDatabase>;
