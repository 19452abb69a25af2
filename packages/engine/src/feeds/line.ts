import type { Lane } from './lanes.ts';
import type { Connection } from './websocket.ts';

/** A connection that is being made or is open, and its source. */
export interface Line {
  lane: Lane;
  connection: Connection;
  ready: boolean;
  stale: boolean;
  /** Its server has announced that it will close it. */
  leaving: boolean;
}

/** For people: how the engine is connected. */
export function stateText(active: Line | null): string {
  if (active === null) return 'disconnected';
  const { name } = active.lane.source;
  if (!active.ready) return `connecting to ${name}`;
  return active.stale ? `connected to ${name}, no trades` : `connected to ${name}`;
}
