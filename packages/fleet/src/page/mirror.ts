import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamClient,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeBatch } from '../batch.ts';
import { type LineKind, streamOf, subjectOf } from '../subject.ts';

/** What a server keeps of a reader that has gone, ns. */
const FORGET_NS = 60e9;
const PULLED = 20;

export interface Mirror {
  decisions: string;
  samples: string;
}

/**
 * A host's decisions, and its samples since its last run began, as files in a folder, kept up with the stream until the
 * signal. Resolves when the decisions that are there now have been written.
 */
export async function mirrorHost(
  connection: NatsConnection,
  client: JetStreamClient,
  host: string,
  folder: string,
  signal: AbortSignal,
): Promise<Mirror> {
  const files = { decisions: join(folder, 'decisions.jsonl'), samples: join(folder, 'samples.jsonl') };
  let began: string | undefined;
  const follow = (kind: LineKind, file: string, from: Partial<ConsumerConfig>, seen: (line: string) => void) =>
    followLines({ connection, client, host, kind, from, signal }, (lines) => {
      appendFileSync(file, lines.map((line) => `${line}\n`).join(''));
      for (const line of lines) seen(line);
    });
  const all = { deliver_policy: DeliverPolicy.All };
  await follow('decisions', files.decisions, all, (line) => {
    if (line.includes('"action":"STARTUP"')) began = /"timestamp":"([^"]+)"/.exec(line)?.[1];
  });
  // They are stored after their own time, the samples' first line a little before the run's first record.
  const start = new Date(Date.parse(began ?? '') - 10_000);
  const since = { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.toISOString() };
  if (began !== undefined) await follow('samples', files.samples, since, () => {});
  else void follow('samples', files.samples, { deliver_policy: DeliverPolicy.New }, () => {});
  return files;
}

interface Followed {
  connection: NatsConnection;
  client: JetStreamClient;
  host: string;
  kind: LineKind;
  from: Partial<ConsumerConfig>;
  signal: AbortSignal;
}

/** Resolves when the lines that are there now have been taken, and goes on until the signal or the connection's end. */
async function followLines(followed: Followed, take: (lines: string[]) => void): Promise<void> {
  const { connection, client, host, kind, from, signal } = followed;
  const manager = await jetstreamManager(connection, { timeout: 5000, checkAPI: false });
  const stream = streamOf(host);
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    ...from,
    filter_subject: subjectOf(host, kind),
    ack_policy: AckPolicy.None,
    inactive_threshold: FORGET_NS,
  });
  const consumer = await client.consumers.get(stream, name);
  let taken = 0;
  const caughtUp = Promise.withResolvers<void>();
  const read = async () => {
    if (pending === 0) caughtUp.resolve();
    while (!signal.aborted)
      for await (const message of await consumer.fetch({ max_messages: PULLED, expires: 1000 })) {
        take(decodeBatch(message.data).rows);
        if (++taken >= pending) caughtUp.resolve();
      }
  };
  read().catch(caughtUp.reject);
  await caughtUp.promise;
}
