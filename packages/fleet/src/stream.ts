import { JetStreamApiError, type JetStreamManager, type StoredMsg, type StreamConfig } from '@nats-io/jetstream';

/** JetStream's own codes: https://github.com/nats-io/nats-server/blob/v2.9.10/server/errors.json */
const STREAM_NOT_FOUND = 10_059;
const WRONG_LAST_SEQUENCE = 10_071;

/** Makes the stream unless it is there. One that is full refuses new messages: nothing is thrown away for them. */
export async function ensureStream(
  manager: JetStreamManager,
  name: string,
  subject: string,
  replicas: number,
  more: Partial<StreamConfig> = {},
): Promise<void> {
  try {
    await manager.streams.info(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await manager.streams.add({ name, subjects: [subject], num_replicas: replicas, discard: 'new', ...more });
  }
}

/** The last message of a subject, which may have wildcards; null if there is none. */
export const lastMessage = (manager: JetStreamManager, stream: string, subject: string): Promise<StoredMsg | null> =>
  manager.streams.getMessage(stream, { last_by_subj: subject });

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

/** The stream is not there. */
export const isNotFound = (error: unknown): boolean => isApiError(error, STREAM_NOT_FOUND);

/** Somebody else has written to the subject since its last message was read. */
export const isWrongSequence = (error: unknown): boolean => isApiError(error, WRONG_LAST_SEQUENCE);
