import type { Tick } from '@hybrid-soak/engine/core/tick.ts';
import type { StatusRow } from '@hybrid-soak/engine/store/rows/batch.ts';
import { columnsOf, type TickBatch, TickColumns } from '@hybrid-soak/engine/store/rows/columns.ts';

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

/** The ticks of a batch, their ids as text. */
export function ticksOf({ rows, capacity, buffer, names, texts }: TickBatch): Tick[] {
  const columns = columnsOf(buffer, capacity);
  const texted = new Map(texts);
  return Array.from({ length: rows }, (_, row) => {
    const id = columns.id[row] as number;
    return {
      symbol: names[columns.symbol[row] as number] as string,
      source: names[columns.source[row] as number] as string,
      price: columns.price[row] as number,
      volume: columns.volume[row] as number,
      ts: columns.ts[row] as number,
      tradeId: Number.isNaN(id) ? (texted.get(row) ?? null) : String(id),
    };
  });
}
