import type { Tick } from '../../core/tick.ts';

const NUMBERS = 4;
const BYTES_PER_ROW = NUMBERS * 8 + 2 * 2;
/** What `id` holds if the trade id is not a number: its text, if it has one, is in `texts`. */
const NO_NUMBER = Number.NaN;

/** A batch of fewer rows is copied: its message need not be answered with a buffer, for which the main thread would wake. */
const FEW = 0.1;

/** The number that is written like this text; NO_NUMBER if none is. */
export function numberOf(text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : NO_NUMBER;
}

/** The columns of a batch as they cross to the writer thread: one buffer, transferred and not copied. */
export interface TickBatch {
  rows: number;
  capacity: number;
  buffer: ArrayBuffer;
  /** The buffer is wanted again when the batch is committed. */
  isLent: boolean;
  /** Sources; the column holds indices into it. */
  names: string[];
  /** Trade ids other than safe integers, by row. */
  texts: [row: number, id: string][];
}

export interface TickArrays {
  price: Float64Array;
  volume: Float64Array;
  ts: Float64Array;
  id: Float64Array;
  /** The market's index in this run. */
  market: Uint16Array;
  source: Uint16Array;
}

const COLUMNS: readonly (keyof TickArrays)[] = ['price', 'volume', 'ts', 'id', 'market', 'source'];

/** The columns in a buffer of `capacity` rows. */
export function columnsOf(buffer: ArrayBuffer, capacity: number): TickArrays {
  const numbers = (n: number) => new Float64Array(buffer, n * 8 * capacity, capacity);
  const indices = (n: number) => new Uint16Array(buffer, (NUMBERS * 8 + n * 2) * capacity, capacity);
  return {
    price: numbers(0),
    volume: numbers(1),
    ts: numbers(2),
    id: numbers(3),
    market: indices(0),
    source: indices(1),
  };
}

/**
 * The ticks of the open batch as plain numbers in preallocated columns. `take` gives them away; buffers that the writer
 * has given back are used again, so that a steady stream allocates nothing.
 */
export class TickColumns {
  length = 0;
  readonly #capacity: number;
  #room: number;
  #buffer: ArrayBuffer;
  #columns: TickArrays;
  #names: string[] = [];
  #texts: [number, string][] = [];
  #spare: ArrayBuffer[] = [];

  /** `capacity`: rows that a batch usually holds; a longer one grows. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#room = capacity;
    this.#buffer = new ArrayBuffer(capacity * BYTES_PER_ROW);
    this.#columns = columnsOf(this.#buffer, capacity);
  }

  append(tick: Tick): void {
    if (this.length === this.#room) this.#grow();
    const row = this.length++;
    const columns = this.#columns;
    columns.price[row] = tick.price;
    columns.volume[row] = tick.volume;
    columns.ts[row] = tick.ts;
    columns.market[row] = tick.market.index;
    columns.source[row] = this.#name(tick.source);
    const { tradeId } = tick;
    const number = typeof tradeId === 'string' ? numberOf(tradeId) : (tradeId ?? NO_NUMBER);
    columns.id[row] = number;
    if (typeof tradeId === 'string' && Number.isNaN(number)) this.#texts.push([row, tradeId]);
  }

  /** The batch, given away. */
  take(): TickBatch {
    const rows = this.length;
    const isLent = rows > this.#capacity * FEW;
    const [capacity, buffer] = isLent ? [this.#room, this.#buffer] : [rows, this.#copy()];
    const batch = { rows, capacity, buffer, isLent, names: this.#names, texts: this.#texts };
    if (rows === 0) return batch;
    if (isLent) this.#use(this.#spare.pop() ?? new ArrayBuffer(this.#capacity * BYTES_PER_ROW), this.#capacity);
    this.length = 0;
    this.#names = [];
    this.#texts = [];
    return batch;
  }

  /** The rows in a buffer of their own size. */
  #copy(): ArrayBuffer {
    const rows = this.length;
    const buffer = new ArrayBuffer(rows * BYTES_PER_ROW);
    const to = columnsOf(buffer, rows);
    const from = this.#columns;
    for (const key of COLUMNS) to[key].set(from[key].subarray(0, rows));
    return buffer;
  }

  /** A buffer that the writer is done with. */
  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.#capacity * BYTES_PER_ROW && this.#spare.length < 4) this.#spare.push(buffer);
  }

  #use(buffer: ArrayBuffer, room: number): void {
    this.#room = room;
    this.#buffer = buffer;
    this.#columns = columnsOf(buffer, room);
  }

  #grow(): void {
    const before = this.#columns;
    const room = this.#room * 2;
    this.#use(new ArrayBuffer(room * BYTES_PER_ROW), room);
    for (const key of COLUMNS) this.#columns[key].set(before[key]);
  }

  /** Two or three sources a batch: a scan beats a map. */
  #name(name: string): number {
    const at = this.#names.indexOf(name);
    return at >= 0 ? at : this.#names.push(name) - 1;
  }
}
