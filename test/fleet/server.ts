import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { outputPrintedIfFailed } from '../said.ts';

/** Why the tests of a fleet cannot run here; false if they can. */
export const noServer: string | false =
  spawnSync('nats-server', ['--version']).status === 0 ? false : 'nats-server is not installed';

/** A real nats-server on the loopback address, its streams below `folder`; killed and started again on the same port. */
export async function natsServer(folder: string, more = '', listen = '127.0.0.1') {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'server.conf');
  writeFileSync(config, `listen: ${listen}:${port}\njetstream { store_dir: "${join(folder, 'store')}" }\n${more}\n`);
  const start = () => {
    const child = spawn('nats-server', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    outputPrintedIfFailed(`nats-server -c ${config}`, child.stderr);
    return child;
  };
  const accepts = async (): Promise<void> => {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`nats-server -c ${config}: ended with ${child.exitCode}`);
      const socket = createConnection(port, '127.0.0.1');
      const is = await new Promise((done) => socket.once('connect', () => done(true)).once('error', () => done(false)));
      socket.destroy();
      if (is) return;
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  let child = start();
  await accepts();
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    port,
    address: `127.0.0.1:${port}`,
    kill,
    async restart(): Promise<void> {
      await kill();
      child = start();
      await accepts();
    },
  };
}
