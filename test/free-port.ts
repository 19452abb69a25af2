import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

/** Below those that the kernel gives out by itself (ip(7), ip_local_port_range): nobody takes it while its server is away. */
const [FIRST, PORTS] = [10_000, 20_000];
let asked = 0;

/** A port that nobody listens on. Each process begins at another one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + ((process.pid * 64 + asked++) % PORTS);
    const server = createServer().listen(port, '0.0.0.0');
    try {
      await once(server, 'listening');
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE') throw error;
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
