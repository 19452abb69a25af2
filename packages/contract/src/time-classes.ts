/** Every second of a soak is in the first class that fits, in this order. */
export const TIME_CLASSES = [
  'unobserved',
  'stopped',
  'starting',
  'stalled',
  'disconnected',
  'over_engine',
  'over_quota',
  'over_unknown',
  'throttled',
  'fine',
] as const;
export type TimeClass = (typeof TIME_CLASSES)[number];
