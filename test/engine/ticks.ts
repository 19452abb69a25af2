import type { Market } from '@hybrid-soak/engine/core/market.ts';
import type { Tick } from '@hybrid-soak/engine/core/tick.ts';
import type { StatusRow } from '@hybrid-soak/engine/store/rows/batch.ts';
import { columnsOf, type TickBatch, TickColumns } from '@hybrid-soak/engine/store/rows/columns.ts';
import {
  cellsOf,
  type FlatRows,
  type RowForm,
  SIDES,
  STATE_BIT,
  STATES,
} from '@hybrid-soak/engine/store/rows/flat-rows.ts';

/** The heartbeat of a batch in tests that do not look at it. */
export const STATUS: StatusRow = {
  startedMs: 1,
  invocationId: null,
  framesReceived: 0,
  drops: 0,
  connection: 'connected',
  connectionState: 'connected',
  tradeFramesKept: 0,
  tradeFramesSampledOut: 0,
  sampleEvery: 1,
  counters: '{}',
  vitals: null,
};

/** A batch of these ticks, as it crosses to the writer. */
export function batchOf(ticks: Tick[]): TickBatch {
  const columns = new TickColumns(Math.max(1, ticks.length));
  for (const tick of ticks) columns.append(tick);
  return columns.take();
}

/** What a test sees of a tick: its market as the names that stand in its row. */
export type SeenTick = Omit<Tick, 'market'> & { symbol: string; venue: string; wire: string };

/** The ticks of a batch, their ids as text. */
export function ticksOf({ rows, capacity, buffer, names, texts }: TickBatch, markets: readonly Market[]): SeenTick[] {
  const columns = columnsOf(buffer, capacity);
  const texted = new Map(texts);
  return Array.from({ length: rows }, (_, row) => {
    const id = columns.id[row] as number;
    const { symbol, venue, wire } = markets[columns.market[row] as number] as Market;
    return {
      symbol,
      venue,
      wire,
      source: names[columns.source[row] as number] as string,
      price: columns.price[row] as number,
      volume: columns.volume[row] as number,
      ts: columns.ts[row] as number,
      tradeId: Number.isNaN(id) ? (texted.get(row) ?? null) : String(id),
    };
  });
}

/** What a test sees of rows of signals, orders or fills: their texts by name, and their numbers. */
export function seenRows({ cells, texts }: FlatRows, form: RowForm, markets: readonly Market[]) {
  const width = cellsOf(form);
  return Array.from({ length: cells.length / width }, (_, row) => {
    const [market, ...rest] = cells.subarray(row * width, (row + 1) * width) as unknown as number[];
    const named = form.texts.map((name, n) => [name, texts[rest[n] as number]]);
    const [reason = -1, code = 0, ...numbers] = rest.slice(form.texts.length);
    const { symbol } = markets[market as number] as Market;
    const [side, state] = [SIDES[code & 1], STATES[code >> STATE_BIT]];
    return { ...Object.fromEntries(named), symbol, side, state, reason: texts[reason] ?? null, numbers };
  });
}

/** Markets of one venue, in order. */
export const marketsOf = (...symbols: string[]): Market[] =>
  symbols.map((symbol, index) => ({ index, venue: 'test', wire: symbol, symbol }));

/** Markets as the writer knows them once their rows are in the database. */
export const known = (markets: Market[]) => ({
  add() {},
  of: (index: number) => ({ id: index + 1, symbol: (markets[index] as Market).symbol }),
});
