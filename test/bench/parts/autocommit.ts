// The engine's own pipeline in one thread, each tick a transaction of its own: what the earlier engine does.
import { configSchema } from '@hybrid-soak/contract/config.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { tickInserter } from '@hybrid-soak/engine/store/rows/insert-ticks.ts';
import { knownMarkets } from '@hybrid-soak/engine/store/rows/markets.ts';
import WebSocket from 'ws';

const tell = process.send?.bind(process) as (message: unknown) => void;
const [url, path] = process.argv.slice(2) as [string, string];
const { db } = openDatabase(path);
const markets = knownMarkets(db);
const insert = tickInserter(db, markets);
const pipeline = new Pipeline(configSchema.parse({ storage: { batch_rows: 1 } }));
const source = { name: 'bench', venue: 'bench', symbol: 'BTCUSDT', wireSymbol: undefined };
let until = Number.POSITIVE_INFINITY;
const check = () => {
  if (pipeline.counters.received < until) return;
  until = Number.POSITIVE_INFINITY;
  tell({ received: pipeline.counters.received });
};
const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
socket.on('message', (data) => {
  pipeline.onFrame(source, data as Buffer, 0);
  const { ticks, markets: fresh } = pipeline.takeRows();
  markets.add(fresh);
  insert(ticks);
  pipeline.giveBack(ticks.buffer);
  check();
});
process.on('message', (message: { until: number }) => {
  until = message.until;
  check();
});
process.on('disconnect', () => process.exit());
