import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { type Proof, type ProofName, proofVerdict } from '@hybrid-soak/contract/proof.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { type Notes, notebook } from '../inspect/notes.ts';
import { Interrupted, NotWithin } from './ends.ts';
import type { Ground } from './ground.ts';

/** One proof: what is claimed, how it is measured, and the measuring. */
export interface ProofCode {
  name: ProofName;
  requirement: string;
  /** Said with its repetitions, which `--quick` has fewer of. */
  method(quick: boolean): string;
  /** Measures and writes down; it gives no verdict, which follows from the checks. */
  measure(ground: Ground, notes: Notes): Promise<void>;
}

/** Measures one proof. Rejects with Interrupted alone; any other error is a check that did not pass. */
export async function runProof(proof: ProofCode, ground: Ground): Promise<Proof> {
  const started = monotonicMs();
  const { notes, kept } = notebook();
  try {
    await proof.measure(ground, notes);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    noteError(error, notes);
  }
  return {
    name: proof.name,
    requirement: proof.requirement,
    method: proof.method(ground.quick),
    ...kept,
    ...proofVerdict(kept.checks),
    took_s: Math.round((monotonicMs() - started) / 100) / 10,
  };
}

function noteError(error: unknown, notes: Notes): void {
  const { message } = error as Error;
  const code = errorCode(error);
  const what = 'the measurement came to its end';
  if (error instanceof NotWithin) notes.check(what, false, message);
  else if (code === 'EPERM' || code === 'EACCES')
    notes.blocked(what, message, 'run it as root, or as the owner of the unit');
  else notes.blocked(what, `it could not be measured: ${message}`);
}
