/** One moment by both clocks, ms. Only differences of the monotonic one mean anything. */
export interface Moment {
  wallMs: number;
  monoMs: number;
}
