import { AckPolicy, DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import type { Pace } from '../pace.ts';
import { hostOf } from '../subject.ts';

/** Messages of one host that may wait for others, and their bytes: then no more are read. */
const HELD = 200;
const HELD_BYTES = 8 * 1024 * 1024;
const PULLED = 50;
const NAME = /^merge-(\d+)$/;

/** For a message, ms. A server says within half of it that it is there, after what it has sent before. */
const EXPIRES_MS = 30_000;

/** A message of a host's stream; `done` says that it need not be read again. */
export interface Incoming {
  /** The stream's: what a message itself says of that, no server has checked. */
  host: string;
  subject: string;
  data: Uint8Array;
  done(): void;
}

/**
 * Reads a host's stream in order, from after the last message that a merger was done with: a durable consumer whose floor is the
 * place. Each start makes the next one from the floor of the one before, which is deleted then, so that the server sends
 * nothing again out of its turn. Ends by an error alone.
 */
export async function readSource(
  client: JetStreamClient,
  manager: JetStreamManager,
  stream: string,
  onMessage: (message: Incoming) => Promise<void>,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  const host = hostOf(stream);
  if (host === undefined) return;
  const consumer = await client.consumers.get(stream, await nextConsumer(manager, stream));
  const held: { message: JsMsg; isDone: boolean }[] = [];
  let bytes = 0;
  const settle = () => {
    let last: JsMsg | undefined;
    while (held[0]?.isDone === true) {
      last = held.shift()?.message;
      bytes -= last?.data.length ?? 0;
    }
    // It acknowledges all before it as well.
    last?.ack();
  };
  let delivered = 0;
  while (!signal.aborted) {
    if (held.length >= HELD || bytes >= HELD_BYTES) {
      await new Promise((done) => setTimeout(done, 50));
      continue;
    }
    const asked = { messages: pace.of(PULLED), sinceMs: performance.now(), got: 0 };
    for await (const message of await consumer.fetch({ max_messages: asked.messages, expires: EXPIRES_MS })) {
      delivered++;
      if (++asked.got === asked.messages) pace.answered(performance.now() - asked.sinceMs);
      if (message.info.deliverySequence !== delivered) throw new Error(`${stream}: messages were lost on the way`);
      const entry = { message, isDone: false };
      held.push(entry);
      bytes += message.data.length;
      const done = () => {
        entry.isDone = true;
        settle();
      };
      await onMessage({ host, subject: message.subject, data: message.data, done });
    }
  }
}

async function nextConsumer(manager: JetStreamManager, stream: string): Promise<string> {
  const before: { name: string; number: number; floor: number }[] = [];
  for await (const { name, ack_floor } of manager.consumers.list(stream)) {
    const number = Number(NAME.exec(name)?.[1]);
    if (number > 0) before.push({ name, number, floor: ack_floor.stream_seq });
  }
  const floor = Math.max(0, ...before.map((consumer) => consumer.floor));
  const name = `merge-${Math.max(0, ...before.map(({ number }) => number)) + 1}`;
  await manager.consumers.add(stream, {
    durable_name: name,
    ack_policy: AckPolicy.All,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: floor + 1,
    max_ack_pending: HELD * 2,
    ack_wait: 24 * 3600 * 1e9,
  });
  for (const consumer of before) await manager.consumers.delete(stream, consumer.name);
  return name;
}
