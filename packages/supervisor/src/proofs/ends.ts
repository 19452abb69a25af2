/** A condition that did not come true in time: a measurement, and a failed one. */
export class NotWithin extends Error {
  override name = 'NotWithin';
}

/** Ends what was measured where a limit of time was missed because the host was, not what is proved. */
export const TOO_BUSY = 'the host is too busy to tell';

/** The operator asked to stop; no proof is judged by it. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}
