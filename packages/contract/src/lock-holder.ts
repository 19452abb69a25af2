import { z } from 'zod';

/** `lock.json` beside a lock: the run that has it. Readable to all who may enter the folder. */
export const holderSchema = z.object({
  pid: z.number(),
  start: z.string().describe('clock ticks since boot, proc_pid_stat(5) field 22'),
  boot: z.string().describe("the kernel's boot id; in a container, when its init started"),
  run: z.string(),
  unit: z.string(),
  kind: z.enum(['soak', 'proofs', 'restore']),
  decisions: z.string().describe('absolute paths of its files'),
  samples: z.string(),
  config: z.string(),
  db: z.string(),
});
export type Holder = z.infer<typeof holderSchema>;
