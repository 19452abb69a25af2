import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, NoRespondersError } from '@nats-io/transport-node';
import { connectToServers } from '../connect.ts';
import type { Pace } from '../pace.ts';
import { sessionEnd } from '../session-end.ts';
import type { ChosenSettings } from '../settings.ts';
import { ensureStream, lastMessage } from '../stream.ts';
import { type MarketKey, MERGED_STREAM, mergedSubject } from '../subject.ts';
import { MergeByHost } from './best-host.ts';
import { MergeById } from './by-id.ts';
import { encodeMerged, type MergedHead, mergedHeadOf } from './merged.ts';
import { isNumber, mergedTradeOf, readBatch } from './read-batch.ts';
import { type Incoming, readSource } from './source.ts';
import type { Waits } from './trade.ts';

const TICK_MS = 50;
const DISCOVER_MS = 5000;
const ROWS = 2000;
/** What a trade may take of a message, of which the other half is for late ones. */
const ROW_BYTES = 512;
/** Where a merger answers; an operator alone may ask. */
const MERGER = 'merger';

export interface MergeOptions {
  settings: ChosenSettings;
  waits: Waits;
  log: (text: string) => void;
  signal: AbortSignal;
  pace: Pace;
}

interface Merging {
  market: MarketKey;
  merger: MergeById | MergeByHost;
  sequence: number;
}

/** Merges until the signal. Rejects when the connection is lost or another merger writes: the caller starts again. */
export async function mergeSession({ settings, waits, log, signal, pace }: MergeOptions): Promise<void> {
  const { patienceMs } = pace;
  const connection = await connectToServers(settings, 'hybrid-fleet merge', { patienceMs });
  const end = sessionEnd(connection, signal);
  const manager = await jetstreamManager(connection, { timeout: patienceMs, checkAPI: false });
  const client = jetstream(connection, { timeout: patienceMs });
  const ended = new AbortController();
  try {
    await beTheOnlyOne(connection, patienceMs);
    await ensureStream(manager, MERGED_STREAM, 'market.>', settings.replicas);
    const state = newState(manager, log);
    const rowsAtOnce = Math.min(ROWS, Math.ceil((connection.info?.max_payload ?? 1_048_576) / ROW_BYTES));
    const known = new Set<string>();
    const discover = async () => {
      for await (const name of manager.streams.names('soak.>')) {
        if (known.has(name)) continue;
        known.add(name);
        log(`${name}: merged from now on`);
        readSource(client, manager, name, state.take, pace, ended.signal).catch(end.fail);
      }
    };
    let discovered = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (performance.now() - discovered > DISCOVER_MS) {
        await end.unlessLost(discover());
        discovered = performance.now();
      }
      noteLate(state, log);
      const moved = await end.unlessLost(publishReady(client, state, waits, rowsAtOnce));
      if (!moved) await end.unlessLost(delay(TICK_MS, null, { signal }).catch(() => {}));
    }
  } finally {
    ended.abort();
    end.close();
    await connection.close();
  }
}

/**
 * A second merger would take the hosts' messages away from the first, which would take them back. Answers for as long as it is connected;
 * throws while another one does.
 */
async function beTheOnlyOne(connection: NatsConnection, patienceMs: number): Promise<void> {
  const another = await connection.request(MERGER, undefined, { timeout: patienceMs }).then(
    () => true,
    (error: Error) => {
      if (error instanceof NoRespondersError || error.cause instanceof NoRespondersError) return false;
      throw error;
    },
  );
  if (another) throw new Error('another hybrid-fleet merge runs on these servers; this one goes on when it has ended');
  connection.subscribe(MERGER, { callback: (_, message) => void message.respond() });
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
    async take({ host, subject, data, done }) {
      heard.set(host, performance.now());
      const batch = readBatch(data);
      if (batch === null) {
        log(`${subject}: a message that cannot be read, left out`);
        return done();
      }
      const { head, market, rows } = batch;
      if (market === null || rows.length === 0) return done();
      let waiting = rows.length;
      const one = () => {
        if (--waiting === 0) done();
      };
      if (head.kind === 'gaps') {
        const { merger } = await open(market, true);
        const at = ['from_id', 'to_id'].map((name) => head.columns.indexOf(name));
        for (const row of rows) {
          const [from = '', to = ''] = at.map((column) => String(row[column]));
          if (merger instanceof MergeById && isNumber(from) && isNumber(to))
            merger.report(host, BigInt(from), BigInt(to), one);
          else one();
        }
        return;
      }
      const trades = rows.map((row) => mergedTradeOf(row, head.columns, host));
      const odd = trades.filter((trade) => trade === null).length;
      if (odd > 0) log(`${subject}: ${odd} rows are not trades, left out`);
      const { merger } = await open(market, isNumber(trades.find((trade) => trade !== null)?.[0]));
      for (const [at, trade] of trades.entries()) {
        // Where trades have ids, one without cannot be matched with its copy of another host.
        if (trade === null || (merger instanceof MergeById && !isNumber(trade[0]))) one();
        // Ids begin again with each generation of a database.
        else merger.take(host, trade, performance.now(), one, head.generation * 2 ** 40 + Number(rows[at]?.[0]));
      }
    },
  };
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
async function publishReady(
  client: JetStreamClient,
  { markets, heard }: State,
  waits: Waits,
  rows: number,
): Promise<boolean> {
  const published = [...markets.values()].map(async (merging) => {
    const ready = merging.merger.ready(performance.now(), heard, waits, rows);
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
