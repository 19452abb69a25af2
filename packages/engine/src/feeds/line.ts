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

/** For people: how the engine is connected. It is asked each second: the same text is the same string, for as long as it is true. */
export function stateTexts(): (active: Line | null) => string {
  let said = { active: null as Line | null, ready: false, stale: false, text: stateText(null) };
  return (active) => {
    const ready = active?.ready === true;
    const stale = active?.stale === true;
    if (said.active !== active || said.ready !== ready || said.stale !== stale)
      said = { active, ready, stale, text: stateText(active) };
    return said.text;
  };
}

function stateText(active: Line | null): string {
  if (active === null) return 'disconnected';
  const { name } = active.lane.source;
  if (!active.ready) return `connecting to ${name}`;
  return active.stale ? `connected to ${name}, no trades` : `connected to ${name}`;
}
