/** The throttle ladder, calm end first. Beyond the last rung is the end of the soak. */
export const RUNGS = ['NORMAL', 'THROTTLE1', 'THROTTLE2', 'THROTTLE3'] as const;
export type Rung = (typeof RUNGS)[number];

/** `[engine] sample_every` of each rung: one trade frame in N is kept. */
export const SAMPLE_EVERY: Readonly<Record<Rung, number>> = { NORMAL: 1, THROTTLE1: 5, THROTTLE2: 10, THROTTLE3: 20 };
