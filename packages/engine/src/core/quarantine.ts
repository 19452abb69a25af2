/** A frame that was kept aside: a row of `quarantine`. */
export interface QuarantineRow {
  source: string;
  /** Wall time, ms. */
  receivedMs: number;
  reason: string;
  raw: string;
}

const RAW_CHARS = 4096;
const ROWS_PER_FLUSH = 100;

/** Keeps bad frames aside: the beginning of each, and a bounded number of them from one flush to the next. */
export class Quarantine {
  #rows: QuarantineRow[] = [];

  get isFull(): boolean {
    return this.#rows.length >= ROWS_PER_FLUSH;
  }

  add(source: string, receivedMs: number, reason: string, raw: string): void {
    if (!this.isFull) this.#rows.push({ source, receivedMs, reason, raw: raw.slice(0, RAW_CHARS) });
  }

  take(): QuarantineRow[] {
    const rows = this.#rows;
    if (rows.length > 0) this.#rows = [];
    return rows;
  }
}
