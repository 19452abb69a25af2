import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type BatchHead, decodeBatch, encodeBatch, headOf } from '../batch.ts';
import type { Pace } from '../pace.ts';
import { ensureStream, lastMessage } from '../stream.ts';
import { streamOf, subjectOf, type TableKind, token } from '../subject.ts';

/** Where a subject stands in the stream. */
export interface StreamPosition {
  head: BatchHead | null;
  /** Sequence of its last message; 0 if there is none. */
  sequence: number;
}

/** One connection's life: what the stream holds, asked once a subject, and what is added to it. */
export interface ShipSession {
  host: string;
  origin: string;
  /** The newest message of a kind, of whatever subject. */
  newest(kind: TableKind): Promise<{ head: BatchHead; lastRow: string } | null>;
  position(subject: string): Promise<StreamPosition>;
  /**
   * Sends at once; resolves when the message is stored, rejects if it is not, or if that is not known. Several may be on their
   * way: a stream has one writer, and a connection keeps their order, so that each names the sequence that the one before it is
   * going to have. If one is refused, the stream refuses those that build on it too.
   */
  publish(subject: string, head: BatchHead, rows: readonly string[]): Promise<void>;
  /** Rows stored in this session, by kind; under `KIND.done` the last row up to which all are stored. */
  shipped: Map<string, number>;
  /** By kind: everything that was committed before then is stored; ms of performance.now(). */
  fresh: Map<string, number>;
  /** No message may be larger, bytes. */
  maxBytes: number;
  /** How much goes at once; shippers report how long a full chunk took. */
  pace: Pace;
  client: JetStreamClient;
}

/** Makes the host's stream if it is missing. Throws if another machine or database ships under this host's name. */
export async function openShipSession(
  connection: NatsConnection,
  host: string,
  origin: string,
  replicas: number,
  pace: Pace,
): Promise<ShipSession> {
  const manager: JetStreamManager = await jetstreamManager(connection, { timeout: pace.patienceMs, checkAPI: false });
  const client: JetStreamClient = jetstream(connection, { timeout: pace.patienceMs });
  const stream = streamOf(host);
  await ensureStream(manager, stream, `soak.${token(host)}.>`, replicas);
  let last = (await manager.streams.info(stream)).state.last_seq;
  const positions = new Map<string, StreamPosition>();
  const shipped = new Map<string, number>();
  const ask = async (subject: string): Promise<StreamPosition> => {
    const message = await lastMessage(manager, stream, subject);
    return message === null ? { head: null, sequence: 0 } : { head: headOf(message.data), sequence: message.seq };
  };
  return {
    host,
    origin,
    shipped,
    fresh: new Map(),
    client,
    pace,
    maxBytes: connection.info?.max_payload ?? 1_048_576,
    async newest(kind) {
      const subject = subjectOf(host, kind);
      const asked = [subject, `${subject}.>`].map((of) => lastMessage(manager, stream, of));
      const found = (await Promise.all(asked)).filter((message) => message !== null);
      const newest = found.sort((a, b) => b.seq - a.seq)[0];
      if (newest === undefined) return null;
      const { head, rows } = decodeBatch(newest.data);
      return { head, lastRow: rows.at(-1) ?? '[]' };
    },
    async position(subject) {
      const position = positions.get(subject) ?? (await ask(subject));
      positions.set(subject, position);
      return position;
    },
    async publish(subject, head, rows) {
      const { sequence } = positions.get(subject) ?? { sequence: 0 };
      const next = ++last;
      positions.set(subject, { head, sequence: next });
      // The stream refuses what does not follow the last message that is known here, so that a repeat changes nothing.
      const { seq } = await client.publish(subject, encodeBatch(head, rows), {
        msgID: `${subject}:${head.generation}:${head.last}:${sequence}`,
        expect: { streamName: stream, lastSubjectSequence: sequence },
      });
      if (seq !== next) throw new Error(`${stream}: another one writes to it`);
      shipped.set(head.kind, (shipped.get(head.kind) ?? 0) + rows.length);
    },
  };
}
