import { createHash } from 'node:crypto';
import { createConnection, createServer, type Server } from 'node:net';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

/** The unit is watched already; `holder` is what its supervisor says of itself. */
export class LockHeld extends Error {
  override name = 'LockHeld';
}

/** A digest, since an address holds 107 bytes (unix(7)) and a unit with its folder may be longer. */
export const lockAddress = (scope: string, unit: string) =>
  `\0hybrid-soak:${createHash('sha256').update(`${scope}:${unit}`).digest('hex')}`;

/**
 * One supervisor a unit: an abstract unix socket, which the kernel frees when its owner dies. Who connects is told who
 * holds it. Rejects with LockHeld.
 */
export async function takeLock(scope: string, unit: string, holder: string): Promise<Server> {
  const server = createServer((socket) => {
    // A visitor that hangs up is no concern of the holder.
    socket.on('error', () => {});
    socket.end(holder);
  });
  return new Promise((resolve, reject) => {
    server.once('error', async (error) => {
      if (errorCode(error) !== 'EADDRINUSE') return reject(error);
      const who = (await lockHolder(scope, unit)) ?? 'a supervisor that does not answer';
      reject(new LockHeld(`${unit} is held by ${who}`));
    });
    server.listen(lockAddress(scope, unit), () => resolve(server.unref()));
  });
}

/** What the holder of the lock says of itself; null where nobody holds it. */
export function lockHolder(scope: string, unit: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection(lockAddress(scope, unit));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(text === '' ? null : text));
  });
}
