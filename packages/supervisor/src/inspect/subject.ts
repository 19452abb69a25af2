import type { Scope } from '../unit/systemctl.ts';

/** What is looked at; nothing of it is changed. */
export interface Subject {
  unit: string;
  /** Null if no systemd has the unit. */
  scope: Scope | null;
  config: string;
  db: string;
  /** `data/ops` */
  ops: string;
  root: string;
  /** The run that asks, if it holds the lock itself. */
  self: string | null;
}
