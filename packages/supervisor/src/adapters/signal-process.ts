/** A parent that still is root sends a signal for a child that is not. */
export interface SignalRequest {
  pid: number;
  signal: NodeJS.Signals;
}

/** Sends a signal to a process of the engine's unit; through the parent, if that one may and this process may not. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  if (process.send === undefined) process.kill(pid, signal);
  else process.send({ pid, signal } satisfies SignalRequest);
}
