import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FLEET } from '../programs.ts';
import { outputPrintedIfFailed } from '../said.ts';
import type { Random } from '../sim/random.ts';
import { natsServer } from './server.ts';
import { shippedRows, writtenRows } from './shipped.ts';

export const HOSTS = ['tokyo.1', 'berlin-2'];

/** Differences between what was written and what was shipped, for people; none if all is well. */
export interface Outcome {
  rows: number;
  differences: string[];
}

export interface Scene {
  rows: number;
  perSecond: number;
  /** Servers as a host reaches them. */
  servers(host: string): string[];
  /** Words before the command line of a host's shipper. */
  within?(host: string): string[];
  /** The server to compare with. */
  readFrom(): string;
  config?: string;
}

/** Starts a host's shipper. */
export type StartShipper = (host: string, ...more: string[]) => ChildProcess;

/** Two hosts write and ship while `trouble` does its work; once it has ended all is shipped, and both sides are compared. */
export async function whileShipping(scene: Scene, trouble: (shipper: StartShipper) => Promise<void>): Promise<Outcome> {
  const { rows, perSecond, servers, within = () => [], readFrom, config = '' } = scene;
  const folder = mkdtempSync(join(tmpdir(), 'fleet-ship-'));
  const children = new Set<ChildProcess>();
  const start = ([command = '', ...words]: string[]): ChildProcess => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    outputPrintedIfFailed(words.join(' '), child.stderr);
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      // A pipe that nobody read stays open, and keeps this process alive.
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    return child;
  };
  const file = (host: string, name: string) => join(folder, `${host}-${name}`);
  const shipper: StartShipper = (host, ...more) =>
    start([
      ...within(host),
      FLEET,
      ...['ship', '--config', join(folder, 'config.toml'), '--host', host, '--db', file(host, 'bot.db')],
      ...['--decisions', file(host, 'decisions.jsonl'), '--samples', file(host, 'samples.jsonl')],
      ...more,
      '--server',
      ...servers(host),
    ]);
  try {
    writeFileSync(join(folder, 'config.toml'), config);
    const writers = HOSTS.map((host, at) => {
      const args = [file(host, 'bot.db'), String(rows), String(at + 1), String(perSecond)];
      const writer = start([process.execPath, join(import.meta.dirname, 'write-rows.ts'), ...args]);
      return once(writer.stdout as NodeJS.ReadableStream, 'data');
    });
    let line = 0;
    const decide = setInterval(() => {
      for (const host of HOSTS)
        for (const name of ['decisions.jsonl', 'samples.jsonl'])
          appendFileSync(
            file(host, name),
            `${JSON.stringify({ seq: ++line, action: line % 20 < 2 ? 'SUMMARY' : 'HOLD', reason: 'é' })}\n`,
          );
    }, 20);
    await trouble(shipper).finally(() => clearInterval(decide));
    await Promise.all(writers);
    const differences: string[] = [];
    for (const host of HOSTS) {
      const [code] = (await once(shipper(host, '--once'), 'exit')) as [number];
      if (code !== 0) differences.push(`${host}: ship --once ended with ${code}`);
      const lines = { decisions: file(host, 'decisions.jsonl'), samples: file(host, 'samples.jsonl') };
      differences.push(...compare(host, await shippedRows(readFrom(), host), file(host, 'bot.db'), lines));
    }
    return { rows: rows * HOSTS.length, differences };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Shippers and the server are killed, `kills` times each, at random moments. */
export async function killsWhileShipping(
  kills: number,
  rows: number,
  perSecond: number,
  random: Random,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-kills-'));
  const server = await natsServer(join(folder, 'nats'));
  const scene = { rows, perSecond, servers: () => [server.address], readFrom: () => server.address };
  try {
    return await whileShipping(scene, async (shipper) => {
      for (let kill = 0; kill < kills; kill++) {
        const shippers = HOSTS.map((host) => shipper(host));
        await moment(random);
        await server.restart();
        await moment(random);
        for (const child of shippers) if (child.kill('SIGKILL')) await once(child, 'exit');
      }
    });
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const moment = (random: Random): Promise<void> => new Promise((done) => setTimeout(done, 100 + random() * 900));

type Shipped = Awaited<ReturnType<typeof shippedRows>>;

function compare(
  host: string,
  { rows: shipped, revised }: Shipped,
  database: string,
  logs: { decisions: string; samples: string },
): string[] {
  const written = writtenRows(database);
  const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const lines = linesOf(logs.decisions);
  written['decisions'] = lines;
  written['samples'] = linesOf(logs.samples);
  written['summaries'] = lines.filter((line) => line.includes('"action":"SUMMARY"'));
  const differences: string[] = [];
  for (const key of new Set([...Object.keys(written), ...Object.keys(shipped)])) {
    const latest = new Map((revised[key] ?? []).map((row) => [idOf(row), row]));
    if (latest.size !== (revised[key] ?? []).length) differences.push(`${host} ${key}: a revision came twice`);
    const there = (shipped[key] ?? []).map((row) =>
      /^(gaps|coverage)/.test(key) ? (latest.get(idOf(row)) ?? row) : row,
    );
    const here = written[key] ?? [];
    const at = here.findIndex((row, n) => row !== there[n]);
    if (at >= 0 || here.length !== there.length)
      differences.push(
        `${host} ${key}: ${here.length} here, ${there.length} there, row ${at}: ${here[at]} / ${there[at]}`,
      );
  }
  return differences;
}

const idOf = (row: string): number => (JSON.parse(row) as number[])[0] as number;
