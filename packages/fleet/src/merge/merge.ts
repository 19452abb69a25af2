import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { decodeBatch } from '../batch.ts';
import { connectToServers } from '../connect.ts';
import type { ChosenSettings } from '../settings.ts';
import { ensureStream, lastMessage } from '../stream.ts';
import { type MarketKey, MERGED_STREAM, mergedSubject } from '../subject.ts';
import { MergeByHost } from './best-host.ts';
import { MergeById } from './by-id.ts';
import { encodeMerged, type MergedHead, mergedHeadOf } from './merged.ts';
import { type Incoming, readSource } from './source.ts';
import type { MergedTrade, Waits } from './trade.ts';

const TICK_MS = 50;
const DISCOVER_MS = 5000;
const ROWS = 2000;

export interface MergeOptions {
  settings: ChosenSettings;
  waits: Waits;
  log: (text: string) => void;
  signal: AbortSignal;
}

interface Merging {
  market: MarketKey;
  merger: MergeById | MergeByHost;
  sequence: number;
}

/** Merges until the signal. Rejects when the connection is lost or another merger writes: the caller starts again. */
export async function mergeSession({ settings, waits, log, signal }: MergeOptions): Promise<void> {
  const connection = await connectToServers(settings, 'hybrid-fleet merge');
  const lost = connection.closed().then((error) => {
    throw error ?? new Error('the connection was closed');
  });
  lost.catch(() => {});
  const manager = await jetstreamManager(connection, { timeout: 5000, checkAPI: false });
  const client = jetstream(connection, { timeout: 5000 });
  const ended = new AbortController();
  try {
    await ensureStream(manager, MERGED_STREAM, 'market.>', settings.replicas);
    const state = newState(manager, log);
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const known = new Set<string>();
    const discover = async () => {
      for await (const name of manager.streams.names('soak.>')) {
        if (known.has(name)) continue;
        known.add(name);
        log(`${name}: merged from now on`);
        readSource(client, manager, name, state.take, ended.signal).catch(failed.reject);
      }
    };
    let discovered = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (performance.now() - discovered > DISCOVER_MS) {
        await Promise.race([discover(), lost]);
        discovered = performance.now();
      }
      noteLate(state, log);
      const moved = await Promise.race([publishReady(client, state, waits), failed.promise, lost]);
      if (!moved) await Promise.race([delay(TICK_MS, null, { signal }).catch(() => {}), failed.promise, lost]);
    }
  } finally {
    ended.abort();
    await connection.close();
  }
}

/** Trades that came after their hole was forgotten are left out, and that is said. */
function noteLate({ markets }: State, log: (text: string) => void): void {
  for (const { market, merger } of markets.values()) {
    if (!(merger instanceof MergeById) || merger.tooLate === 0) continue;
    log(`${market.venue} ${market.symbol}: ${merger.tooLate} trades came too late for the merged stream`);
    merger.tooLate = 0;
  }
}

interface State {
  heard: Map<string, number>;
  markets: Map<string, Merging>;
  take(message: Incoming): Promise<void>;
}

function newState(manager: JetStreamManager, log: (text: string) => void): State {
  const heard = new Map<string, number>();
  const markets = new Map<string, Merging>();
  const opening = new Map<string, Promise<Merging>>();
  const open = (market: MarketKey, hasIds: boolean): Promise<Merging> => {
    const subject = mergedSubject(market);
    const known = opening.get(subject) ?? resume(manager, market, hasIds, log);
    opening.set(subject, known);
    known.then((merging) => markets.set(subject, merging)).catch(() => {});
    return known;
  };
  return {
    heard,
    markets,
    async take({ data, done }) {
      const { head, rows } = decodeBatch(data);
      heard.set(head.host, performance.now());
      if (head.market === null || (head.kind !== 'ticks' && head.kind !== 'gaps') || rows.length === 0) return done();
      if (head.kind === 'gaps') {
        const { merger } = await open(head.market, true);
        const at = ['from_id', 'to_id'].map((name) => head.columns.indexOf(name));
        let waiting = rows.length;
        const one = () => {
          if (--waiting === 0) done();
        };
        for (const row of rows) {
          const [from, to] = at.map((column) => String((JSON.parse(row) as unknown[])[column]));
          if (merger instanceof MergeById && isNumber(from) && isNumber(to))
            merger.report(head.host, BigInt(from), BigInt(to), one);
          else one();
        }
        return;
      }
      const trades = rows.map((row) => tradeOf(row, head.columns, head.host));
      // Ids begin again with each generation of a database.
      const numberOf = (row: string) => head.generation * 2 ** 40 + Number(/^\[(\d+)/.exec(row)?.[1]);
      const { merger } = await open(head.market, isNumber(trades[0]?.[0]));
      let waiting = trades.length;
      const one = () => {
        if (--waiting === 0) done();
      };
      for (const [at, trade] of trades.entries()) {
        // Where trades have ids, one without cannot be matched with its copy of another host.
        if (merger instanceof MergeById && !isNumber(trade[0])) one();
        else merger.take(head.host, trade, performance.now(), one, numberOf(rows[at] as string));
      }
    },
  };
}

const isNumber = (id: string | null | undefined): id is string => typeof id === 'string' && /^\d{1,30}$/.test(id);

function tradeOf(row: string, columns: string[], host: string): MergedTrade {
  const values = JSON.parse(row) as unknown[];
  const value = (name: string) => values[columns.indexOf(name)];
  return [
    value('trade_id') as string | null,
    ...([value('price'), value('volume'), value('ts')] as [number, number, number]),
    value('symbol') as string,
    value('source') as string | null,
    host,
  ];
}

async function resume(
  manager: JetStreamManager,
  market: MarketKey,
  hasIds: boolean,
  log: (text: string) => void,
): Promise<Merging> {
  const message = await lastMessage(manager, MERGED_STREAM, mergedSubject(market));
  const head = message === null ? null : mergedHeadOf(message.data);
  const sequence = message?.seq ?? 0;
  const byHost = head === null ? !hasIds : 'leader' in head.place;
  if (byHost) log(`${market.venue} ${market.symbol}: trades without numbers: those of one host at a time`);
  const place = head?.place;
  const merger =
    place !== undefined && 'leader' in place
      ? new MergeByHost(place)
      : place !== undefined
        ? new MergeById(place)
        : byHost
          ? new MergeByHost({ leader: null, row: -1, last_ts: Number.MIN_SAFE_INTEGER })
          : new MergeById({ last: null, absent: [] });
  return { market, merger, sequence };
}

/** One message a market that has something ready; whether there was one. */
async function publishReady(client: JetStreamClient, { markets, heard }: State, waits: Waits): Promise<boolean> {
  const published = [...markets.values()].map(async (merging) => {
    const ready = merging.merger.ready(performance.now(), heard, waits, ROWS);
    if (ready === null) return false;
    const { market, merger } = merging;
    const { trades, fills, gaps } = ready;
    const head: MergedHead = { v: 1, market, gaps, fills: fills.length, place: merger.state() };
    const expect = { streamName: MERGED_STREAM, lastSubjectSequence: merging.sequence };
    const { seq } = await client.publish(mergedSubject(market), encodeMerged(head, [...trades, ...fills]), { expect });
    merging.sequence = seq;
    ready.stored();
    return true;
  });
  return (await Promise.all(published)).includes(true);
}
