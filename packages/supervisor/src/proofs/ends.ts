/** A condition that did not come true in time: a measurement, and a failed one. */
export class NotWithin extends Error {
  override name = 'NotWithin';
}

/** The operator asked to stop; no proof is judged by it. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}
