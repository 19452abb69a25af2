import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { smallDisk } from '../faults/small-disk.ts';
import { freePort } from '../free-port.ts';
import { namespace, noNamespace } from '../namespace.ts';
import { natsServer, noServer } from './server.ts';
import { storedMessages } from './shipped.ts';
import { HOSTS, whileShipping } from './shipping.ts';
import { slowLine } from './slow-line.ts';
import { until } from './until.ts';

const PER_SECOND = 2000;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

t.setTimeout(600_000);

t.test(
  'one host loses its link for a while, the other has a slow one',
  { skip: noServer || noNamespace() },
  async (t) => {
    const server = await natsServer(join(t.testdir({}), 'nats'), '', '0.0.0.0');
    t.teardown(() => server.kill());
    const [cut, slow] = [namespace(t, 2), namespace(t, 3)];
    const line = await slowLine(t, server.port, { bytesPerMs: 2000, lateMs: 60 });
    const of = (host: string) => (host === HOSTS[0] ? cut : slow);
    const { differences } = await whileShipping(
      {
        rows: 6 * PER_SECOND,
        perSecond: PER_SECOND,
        servers: (host) => [`${of(host).host}:${host === HOSTS[0] ? server.port : line.port}`],
        within: (host) => ['ip', 'netns', 'exec', of(host).name],
        readFrom: () => server.address,
      },
      async (shipper) => {
        const shippers = HOSTS.map((host) => shipper(host));
        const now = () => storedMessages(server.address, HOSTS[0] as string);
        await until(async () => (await now()) > 0);
        cut.link('down');
        await pause(6000);
        cut.link('up');
        // It notices by itself, and goes on.
        const before = await now();
        await until(async () => (await now()) > before);
        for (const child of shippers) child.kill('SIGKILL');
      },
    );
    t.same(differences, []);
  },
);

t.test('of three servers one is killed: nothing is lost, with three copies', { skip: noServer }, async (t) => {
  const folder = t.testdir({});
  const routes = await Promise.all([1, 2, 3].map(() => freePort()));
  const all = routes.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const servers = await Promise.all(
    routes.map((port, n) =>
      natsServer(
        join(folder, String(n)),
        `server_name: n${n}\ncluster { name: fleet, listen: 127.0.0.1:${port}, routes: [${all}] }`,
      ),
    ),
  );
  t.teardown(() => Promise.all(servers.map((server) => server.kill())));
  const addresses = servers.map(({ address }) => address);
  let alive = addresses;
  const { differences } = await whileShipping(
    {
      rows: 5 * PER_SECOND,
      perSecond: PER_SECOND,
      servers: () => addresses,
      readFrom: () => alive[0] as string,
      config: '[fleet]\nreplicas = 3\n',
    },
    async (shipper) => {
      const shippers = HOSTS.map((host) => shipper(host));
      const now = () => storedMessages(alive[0] as string, HOSTS[1] as string);
      await until(async () => (await now()) > 0);
      await servers[0]?.kill();
      alive = addresses.slice(1);
      const before = await now();
      await until(async () => (await now()) > before);
      for (const child of shippers) child.kill('SIGKILL');
    },
  );
  t.same(differences, []);
});

const noDisk = noServer === false && process.getuid?.() !== 0 ? 'only root mounts a small disk' : noServer;

t.test("the server's disk is full for a while: hosts wait, then catch up", { skip: noDisk }, async (t) => {
  const disk = smallDisk(1);
  t.teardown(disk.remove);
  const server = await natsServer(disk.cwd);
  t.teardown(() => server.kill());
  const { differences } = await whileShipping(
    { rows: 4 * PER_SECOND, perSecond: PER_SECOND, servers: () => [server.address], readFrom: () => server.address },
    async (shipper) => {
      const shippers = HOSTS.map((host) => shipper(host));
      let before = -1;
      await until(async () => {
        const now = await storedMessages(server.address, HOSTS[0] as string);
        const isStuck = now > 0 && now === before;
        before = now;
        await pause(1500);
        return isStuck;
      });
      t.same(
        shippers.map(({ exitCode }) => exitCode),
        [null, null],
        'they wait',
      );
      execFileSync('mount', ['-o', 'remount,size=64m', disk.cwd]);
      // A server that has found its disk full serves no stream until it is started again.
      await server.restart();
      for (const child of shippers) child.kill('SIGKILL');
    },
  );
  t.same(differences, []);
});
