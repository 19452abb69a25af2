import type { HeartbeatReading } from '@hybrid-soak/contract/sample.ts';

type Heartbeat = Extract<HeartbeatReading, { available: true }>['value'];

/** The engine's connection as a code. Heartbeats of earlier versions have the text alone, which began with the state. */
export function connectionOf({ connection_state, connection }: Heartbeat): NonNullable<Heartbeat['connection_state']> {
  return connection_state ?? (connection.startsWith('connected') ? 'connected' : 'starting');
}
