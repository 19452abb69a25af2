import type { Market } from '../../core/market.ts';
import type { FillRow, OrderRow } from '../../core/shadow/execution.ts';
import type { OrderId } from '../../core/shadow/order-id.ts';
import { numberOf } from './columns.ts';

/**
 * Rows of one table as they cross to the writer thread: numbers one after another, and the texts that they name by their place.
 * Cloning and binding a text costs as much as all numbers of a row, and few texts are new.
 */
export interface FlatRows {
  cells: Float64Array;
  texts: string[];
}

export interface SignalRow {
  market: Market;
  ts: number;
  source: string;
  strategy: string;
  side: 'BUY' | 'SELL';
  price: number;
  reason: string;
}

/** Place of a text that a row does not have. */
export const NO_TEXT = -1;
export const SIDES = ['BUY', 'SELL'] as const;
export const STATES = ['NEW', 'PARTIALLY_FILLED', 'FILLED', 'VETOED', 'CANCELED'] as const;
/** The code of a row: its side in the lowest bit, its state from here, in an inserted one its reason from there. */
export const STATE_BIT = 1;
export const REASON_BIT = 4;
const codeOf = (side: OrderRow['side'], state: OrderRow['state']) =>
  SIDES.indexOf(side) | (STATES.indexOf(state) << STATE_BIT);

/** Cells of a row: its market's index in this run, the places of its texts, the place of its reason, its code, its numbers. */
export interface RowForm {
  texts: readonly string[];
  numbers: number;
}
export const SIGNAL: RowForm = { texts: ['source', 'strategy'], numbers: 2 };
export const ORDER: RowForm = { texts: ['source', 'prefix', 'mode'], numbers: 4 };
export const FILL: RowForm = { texts: ['prefix'], numbers: 5 };
export const cellsOf = ({ texts, numbers }: RowForm): number => 1 + texts.length + 2 + numbers;

const FIRST_CELLS = 128;

/** The rows of the open batch. What is given away is a copy; a steady stream allocates nothing else. */
export class RowsBuilder {
  #cells = new Float64Array(FIRST_CELLS);
  #used = 0;
  #texts: string[] = [];
  readonly #places = new Map<string, number>();
  /** The last order's id: its rows follow one another. */
  readonly #order = { id: '', prefix: '', number: Number.NaN };

  pushSignal({ market, ts, source, strategy, side, price, reason }: SignalRow): void {
    let at = this.#more(SIGNAL);
    const cells = this.#cells;
    cells[at++] = market.index;
    cells[at++] = this.#place(source);
    cells[at++] = this.#place(strategy);
    cells[at++] = this.#place(reason);
    cells[at++] = codeOf(side, 'NEW');
    cells[at++] = ts;
    cells[at] = price;
  }

  pushOrder({ market, orderId, ts, source, side, quantity, price, mode, state, reason }: OrderRow): void {
    const { prefix, number } = this.#split(orderId);
    let at = this.#more(ORDER);
    const cells = this.#cells;
    cells[at++] = market.index;
    cells[at++] = this.#place(source);
    cells[at++] = this.#place(prefix);
    cells[at++] = this.#place(mode);
    cells[at++] = reason === null ? NO_TEXT : this.#place(reason);
    cells[at++] = codeOf(side, state);
    cells[at++] = number;
    cells[at++] = ts;
    cells[at++] = quantity;
    cells[at] = price;
  }

  pushFill({ market, orderId, ts, side, quantity, price, fee }: FillRow): void {
    const { prefix, number } = this.#split(orderId);
    let at = this.#more(FILL);
    const cells = this.#cells;
    cells[at++] = market.index;
    cells[at++] = this.#place(prefix);
    cells[at++] = NO_TEXT;
    cells[at++] = codeOf(side, 'FILLED');
    cells[at++] = number;
    cells[at++] = ts;
    cells[at++] = quantity;
    cells[at++] = price;
    cells[at] = fee;
  }

  /** The rows since the last call. */
  take(): FlatRows {
    const rows = { cells: this.#cells.slice(0, this.#used), texts: this.#texts };
    this.#used = 0;
    if (rows.texts.length > 0) {
      this.#texts = [];
      this.#places.clear();
    }
    return rows;
  }

  /** Room for a row: where it begins. */
  #more(form: RowForm): number {
    const at = this.#used;
    this.#used += cellsOf(form);
    if (this.#used > this.#cells.length) {
      const before = this.#cells;
      this.#cells = new Float64Array(before.length * 2);
      this.#cells.set(before);
    }
    return at;
  }

  #place(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.#texts.push(text) - 1;
    this.#places.set(text, place);
    return place;
  }

  /** An id that ends in `:` and a number in two parts; any other id is all prefix. */
  #split(orderId: OrderId): { prefix: string; number: number } {
    if (typeof orderId !== 'string') return orderId;
    const last = this.#order;
    if (last.id === orderId) return last;
    const at = orderId.lastIndexOf(':') + 1;
    last.id = orderId;
    last.number = numberOf(orderId.slice(at));
    last.prefix = Number.isNaN(last.number) ? orderId : orderId.slice(0, at);
    return last;
  }
}

/** The part of each fill that changes the account; `market` is the run's own index. */
export function* fillsOf({
  cells,
}: FlatRows): Generator<Pick<FillRow, 'side' | 'quantity' | 'price' | 'fee'> & { market: number }> {
  const width = cellsOf(FILL);
  for (let at = 0; at < cells.length; at += width) {
    const cell = (n: number) => cells[at + n] as number;
    yield {
      market: cell(0),
      side: SIDES[cell(3) & 1] as 'BUY' | 'SELL',
      quantity: cell(6),
      price: cell(7),
      fee: cell(8),
    };
  }
}
