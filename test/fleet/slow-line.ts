import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import type { Test } from 'tap';

/** Passes bytes on slowly and late in both directions, as a slow line does: not every kernel has netem. */
export async function slowLine(t: Test, to: number, { bytesPerMs, lateMs }: { bytesPerMs: number; lateMs: number }) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => into.destroy()).on('close', () => into.destroy());
      from.on('data', (data) => {
        from.pause();
        setTimeout(() => {
          from.resume();
          // Timers of one duration keep their order.
          setTimeout(() => into.writable && into.write(data), lateMs);
        }, data.length / bytesPerMs);
      });
    }
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port };
}
