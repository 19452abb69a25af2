import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BatchHead, encodeBatch } from '@hybrid-soak/fleet/batch.ts';
import { Pace } from '@hybrid-soak/fleet/pace.ts';
import { openReader, SHAPES } from '@hybrid-soak/fleet/ship/database.ts';
import type { ShipSession } from '@hybrid-soak/fleet/ship/session.ts';
import { ship } from '@hybrid-soak/fleet/ship/ship.ts';
import { tableShipper } from '@hybrid-soak/fleet/ship/tables.ts';
import { streamOf } from '@hybrid-soak/fleet/subject.ts';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import { natsServer, noServer } from '../../fleet/server.ts';
import { sleep } from '../memory.ts';
import { alternate, quantile } from '../ratio.ts';
import { NotMeasured, type Row, shared } from '../row.ts';
import { fillTable } from '../table.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const HOST = 'bench';
/** Messages of the bare publisher that are on their way at once. */
const WINDOW = 8;
const PER_SECOND = 2000;
const FLUSH_MS = 1000;

async function onServer<T>(use: (folder: string, address: string) => Promise<T>): Promise<T> {
  if (noServer !== false) throw new NotMeasured(noServer);
  const folder = mkdtempSync(join(tmpdir(), 'bench-fleet-'));
  const server = await natsServer(join(folder, 'nats'));
  try {
    return await use(folder, server.address);
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const settings = (address: string) => ({
  servers: [address],
  host: HOST,
  replicas: 1,
  allow_control: false,
  limit: {},
  database: '',
});

/** A message that is not text yet, its rows as values. */
interface Batch {
  subject: string;
  head: BatchHead;
  rows: unknown[];
}

/** The messages that a shipper makes of a database. */
async function batchesOf(file: string): Promise<Batch[]> {
  const batches: Batch[] = [];
  const session = {
    host: HOST,
    origin: 'bench',
    shipped: new Map(),
    fresh: new Map(),
    maxBytes: 1_048_576,
    pace: new Pace(),
    newest: async () => null,
    position: async () => ({ head: null, sequence: 0 }),
    async publish(subject, head, rows) {
      batches.push({ subject, head, rows: rows.map((row) => JSON.parse(row) as unknown) });
    },
  } as Partial<ShipSession> as ShipSession;
  const reader = openReader(file);
  const shipper = await tableShipper(session, reader, 'ticks', 1);
  while (await shipper.step());
  reader.close();
  return batches;
}

/** Rows a second of `run`, with the host's stream new. */
async function rate(address: string, rows: number, run: () => Promise<unknown>): Promise<number> {
  const connection = await connect({ servers: address });
  const manager = await jetstreamManager(connection);
  await manager.streams.delete(streamOf(HOST)).catch(() => {});
  await connection.close();
  const began = performance.now();
  await run();
  return (rows * 1000) / (performance.now() - began);
}

/** The same batches, their rows read from the database again: what a publisher of committed rows cannot do without. */
function* readAgain(file: string, batches: Batch[]): Generator<Batch> {
  const db = new Database(file, { readonly: true });
  const columns = SHAPES.ticks.columns.join(', ');
  const select = db.prepare(`SELECT ${columns} FROM ticks WHERE id > ? ORDER BY id LIMIT ?`).raw();
  for (const { subject, head, rows } of batches) {
    const after = (rows[0] as number[])[0] as number;
    yield { subject, head, rows: select.all(after - 1, rows.length) };
  }
  db.close();
}

/** Nothing but making messages of the rows, and publishing them. */
async function publishBare(address: string, batches: Iterable<Batch>): Promise<void> {
  const connection = await connect({ servers: address });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: streamOf(HOST), subjects: [`soak.${HOST}.>`] });
  const client = jetstream(connection);
  const sent: Promise<unknown>[] = [];
  for (const { subject, head, rows } of batches) {
    if (sent.length >= WINDOW) await sent.shift();
    const texts = rows.map((row) => JSON.stringify(row));
    sent.push(client.publish(subject, encodeBatch(head, texts)));
  }
  await Promise.all(sent);
  await connection.close();
}

const shipping: Row = {
  name: 'fleet-rate',
  what: 'rows shipped a second against a bare JetStream publisher of the same batches, read from the same database',
  unit: 'x',
  target: { least: 0.7 },
  measure: ({ quick, repeats }) =>
    onServer(async (folder, address) => {
      const rows = quick ? 200_000 : 1_000_000;
      const file = join(folder, 'bot.db');
      fillTable(file, rows);
      const batches = await batchesOf(file);
      const signal = new AbortController().signal;
      const log = () => {};
      const files = { database: file, decisions: join(folder, 'none'), samples: join(folder, 'none') };
      const inMemory = await rate(address, rows, () => publishBare(address, batches));
      const turns = await alternate(
        repeats,
        () => rate(address, rows, () => publishBare(address, readAgain(file, batches))),
        () => rate(address, rows, () => ship({ settings: settings(address), ...files, log, signal, once: true })),
      );
      const thousands = (figures: number[]) => `${Math.round(quantile(figures, 0.5) / 1000)}k`;
      return {
        figures: turns.map(({ yardstick, real }) => real / yardstick),
        seen: `${thousands(turns.map(({ real }) => real))} rows/s against ${thousands(turns.map(({ yardstick }) => yardstick))}; of rows in memory ${thousands([inMemory])}`,
      };
    }),
};

/** CPU time of a process so far, ms, all threads (proc_pid_stat(5): utime and stime in ticks of 10 ms). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** A shipper beside a writer of 2,000 trades a second that commits every second. */
const beside = shared(({ quick }) =>
  onServer(async (folder, address) => {
    const file = join(folder, 'bot.db');
    const children: ChildProcess[] = [];
    const start = (script: string, ...args: string[]) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(ROOT, script), ...args]);
      children.push(child);
      return child;
    };
    try {
      start('test/fleet/write-rows.ts', file, '1e9', '1', String(PER_SECOND), String(FLUSH_MS));
      await sleep(3000);
      const shipper = start(
        'packages/fleet/src/main.ts',
        ...['ship', '--config', join(ROOT, 'config/config.toml'), '--server', address, '--host', HOST, '--db', file],
        ...['--decisions', join(folder, 'none'), '--samples', join(folder, 'none')],
      );
      await sleep(5000);
      const pid = shipper.pid as number;
      const [cpu, began] = [cpuMs(pid), performance.now()];
      const lags = await lagsFor(address, quick ? 15_000 : 60_000);
      return { percent: ((cpuMs(pid) - cpu) * 100) / (performance.now() - began), lags };
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  }),
);

/** Of each row that arrives meanwhile: from its time to its arrival at a reader of the stream, ms. */
async function lagsFor(address: string, ms: number): Promise<number[]> {
  const connection = await connect({ servers: address });
  const manager = await jetstreamManager(connection);
  const stream = streamOf(HOST);
  await manager.consumers.add(stream, { name: 'lag', ack_policy: AckPolicy.None, deliver_policy: 'new' });
  const consumer = await jetstream(connection).consumers.get(stream, 'lag');
  const until = performance.now() + ms;
  const lags: number[] = [];
  while (performance.now() < until)
    for await (const message of await consumer.fetch({ max_messages: 100, expires: 1000 })) {
      if (!message.subject.includes('.ticks.')) continue;
      const now = Date.now();
      const [, ...rows] = message.string().split('\n');
      for (const row of rows) lags.push(now - ((JSON.parse(row) as number[])[4] as number));
    }
  await connection.close();
  return lags;
}

const cpu: Row = {
  name: 'fleet-cpu',
  what: 'CPU of a shipper beside 2,000 trades/s, of one core',
  unit: '%',
  target: { most: 5 },
  async measure(rules) {
    const { percent, lags } = await beside(rules);
    return { figures: [percent], seen: `${lags.length} rows` };
  },
};

const lag: Row = {
  name: 'fleet-lag',
  what: "p99 from a trade's time to its arrival in the stream's reader, in flush intervals",
  unit: 'x',
  target: { most: 2 },
  async measure(rules) {
    const { lags } = await beside(rules);
    const ms = (share: number) => Math.round(quantile(lags, share));
    return { figures: [quantile(lags, 0.99) / FLUSH_MS], seen: `p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms` };
  },
};

export const fleetRate: Row = shipping;
export const fleetBeside: Row[] = [cpu, lag].map((row) => ({ ...row, atOnce: 'load' }));
