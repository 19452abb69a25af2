import { number, object, oneOf, text } from './read-json.ts';

/** `lock.json` beside a lock: the run that has it. Readable to all who may enter the folder. */
export interface Holder {
  pid: number;
  /** Clock ticks since boot (proc_pid_stat(5), field 22). */
  start: string;
  /** The kernel's boot id; in a container, when its init started. */
  boot: string;
  run: string;
  unit: string;
  kind: 'soak' | 'proofs' | 'restore';
  /** Absolute paths of its files. */
  decisions: string;
  samples: string;
  config: string;
  db: string;
}

/** Throws if the value is something else. */
export const readHolder = object<Holder>({
  pid: number,
  start: text,
  boot: text,
  run: text,
  unit: text,
  kind: oneOf(['soak', 'proofs', 'restore']),
  decisions: text,
  samples: text,
  config: text,
  db: text,
});
