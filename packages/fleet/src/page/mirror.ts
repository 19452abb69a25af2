import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy, type ConsumerConfig, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeBatch } from '../batch.ts';
import { type LineKind, streamOf, subjectOf } from '../subject.ts';

/** What a server keeps of a reader that has gone, ns. */
const FORGET_NS = 60e9;
const PULLED = 20;
/** For a message, ms: on a slow link one may take a while. */
const EXPIRES_MS = 30_000;
const AGAIN_MS = 2000;

export interface Mirror {
  decisions: string;
  samples: string;
}

export interface Mirrored {
  /** The connection as it is now, made again if it was lost. */
  connection(): Promise<NatsConnection>;
  host: string;
  folder: string;
  signal: AbortSignal;
}

/**
 * A host's decisions, and its samples since its last run began, as files in a folder, kept up with the stream until the
 * signal, also past a restart of the server. Resolves when the decisions that are there now have been written.
 */
export async function mirrorHost({ connection, host, folder, signal }: Mirrored): Promise<Mirror> {
  const files = { decisions: join(folder, 'decisions.jsonl'), samples: join(folder, 'samples.jsonl') };
  let began: string | undefined;
  const follow = (kind: LineKind, file: string, from: Partial<ConsumerConfig>, seen: (line: string) => void) =>
    followLines({ connection, host, kind, from, signal }, (lines) => {
      appendFileSync(file, lines.map((line) => `${line}\n`).join(''));
      for (const line of lines) seen(line);
    });
  const all = { deliver_policy: DeliverPolicy.All };
  await follow('decisions', files.decisions, all, (line) => {
    if (line.includes('"action":"STARTUP"')) began = /"timestamp":"([^"]+)"/.exec(line)?.[1];
  });
  // They are stored after their own time, the samples' first line a little before the run's first record.
  const start = new Date(Date.parse(began ?? '') - 10_000);
  if (Number.isNaN(start.getTime()))
    void follow('samples', files.samples, { deliver_policy: DeliverPolicy.New }, () => {}).catch(() => {});
  else {
    const since = { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.toISOString() };
    await follow('samples', files.samples, since, () => {});
  }
  return files;
}

interface Followed extends Omit<Mirrored, 'folder'> {
  kind: LineKind;
  from: Partial<ConsumerConfig>;
}

/**
 * Resolves when the lines that are there now have been taken, and goes on until the signal. Rejects if they cannot be read the first
 * time; later a session that was lost is followed by another, from the message after the last one.
 */
async function followLines(followed: Followed, take: (lines: string[]) => void): Promise<void> {
  const { signal } = followed;
  const place = { last: 0 };
  const caughtUp = Promise.withResolvers<void>();
  let isUp = false;
  const onCaughtUp = () => {
    isUp = true;
    caughtUp.resolve();
  };
  const go = async () => {
    while (!signal.aborted) {
      try {
        await readLines(followed, place, take, onCaughtUp);
      } catch (error) {
        if (!isUp) return caughtUp.reject(error);
      }
      await delay(AGAIN_MS, null, { signal }).catch(() => {});
    }
  };
  void go();
  await caughtUp.promise;
}

async function readLines(
  { connection, host, kind, from, signal }: Followed,
  place: { last: number },
  take: (lines: string[]) => void,
  onCaughtUp: () => void,
): Promise<void> {
  const link = await connection();
  const manager = await jetstreamManager(link, { timeout: 5000, checkAPI: false });
  const stream = streamOf(host);
  const rest = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: place.last + 1 };
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    ...(place.last === 0 ? from : rest),
    filter_subject: subjectOf(host, kind),
    ack_policy: AckPolicy.None,
    inactive_threshold: FORGET_NS,
  });
  const consumer = await jetstream(link, { timeout: 5000 }).consumers.get(stream, name);
  let taken = 0;
  if (pending === 0) onCaughtUp();
  while (!signal.aborted && !link.isClosed())
    for await (const message of await consumer.fetch({ max_messages: PULLED, expires: EXPIRES_MS })) {
      // What was lost on the way is asked for again.
      if (message.info.deliverySequence !== taken + 1) return;
      take(decodeBatch(message.data).rows);
      place.last = message.seq;
      if (++taken >= pending) onCaughtUp();
    }
}
