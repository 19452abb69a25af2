// The yardstick: a `ws` client that counts frames and does nothing else.
import WebSocket from 'ws';

const tell = process.send?.bind(process) as (message: unknown) => void;
let received = 0;
let until = Number.POSITIVE_INFINITY;
const check = () => {
  if (received < until) return;
  until = Number.POSITIVE_INFINITY;
  tell({ received });
};
const socket = new WebSocket(process.argv[2] as string, { perMessageDeflate: false, skipUTF8Validation: true });
socket.on('message', () => {
  if (++received >= until) check();
});
process.on('message', (message: { until: number }) => {
  until = message.until;
  check();
});
process.on('disconnect', () => process.exit());
