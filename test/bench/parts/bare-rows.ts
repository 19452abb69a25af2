// The yardstick at low rates: a `ws` client that writes the same rows as the engine, in one transaction a second.
import WebSocket from 'ws';
import { sameRows } from './same-rows.ts';

const [url, path] = process.argv.slice(2) as [string, string];
const keep = sameRows(path, 'bare');
const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
socket.on('message', (data) => {
  const { s, p, q, T, t } = JSON.parse(String(data)) as { s: string; p: string; q: string; T: number; t: number };
  keep({ symbol: s, price: Number(p), volume: Number(q), ts: T, tradeId: String(t) });
});
process.on('disconnect', () => process.exit());
