import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { type Check, judge, type Proof, type ProofName } from '@hybrid-soak/contract/proof.ts';
import { execa } from 'execa';
import { monotonicMs } from '../adapters/clock.ts';
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

/** What a proof writes down. */
export interface Notes {
  /** A statement with what was measured for it; returns `ok`. */
  check(what: string, ok: boolean, measured: string, hint?: string): boolean;
  /** A statement that cannot be measured here. */
  blocked(what: string, why: string, hint?: string): void;
  number(name: string, value: number, unit: string): void;
  evidence(record: Record<string, unknown>): void;
  /** Runs a command and keeps it with its output; stdout, also where it failed. */
  run(command: string[], timeoutMs?: number): Promise<string>;
  /** Keeps a command that was run elsewhere. */
  ran(command: string, exitCode: number | null, output: string): void;
}

/** A condition that did not come true in time: a measurement, and a failed one. */
export class NotWithin extends Error {
  override name = 'NotWithin';
}

/** The operator asked to stop; no proof is judged by it. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

const OUTPUT_CHARS = 20_000;

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
    ...judge(kept.checks),
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

export function notebook() {
  const checks: Check[] = [];
  const kept: Pick<Proof, 'commands' | 'evidence' | 'numbers' | 'checks'> = {
    commands: [],
    evidence: [],
    numbers: {},
    checks,
  };
  const withHint = (hint: string | undefined) => (hint === undefined ? {} : { hint });
  const notes: Notes = {
    check(what, ok, measured, hint) {
      checks.push({ what, verdict: ok ? 'PASS' : 'FAIL', measured, ...(ok ? {} : withHint(hint)) });
      return ok;
    },
    blocked(what, why, hint) {
      checks.push({ what, verdict: 'BLOCKED', measured: why, ...withHint(hint) });
    },
    number(name, value, unit) {
      kept.numbers[name] = { value: Math.round(value * 1000) / 1000, unit };
    },
    evidence: (record) => void kept.evidence.push(record),
    async run(command, timeoutMs = 10_000) {
      const [file, ...args] = command as [string, ...string[]];
      const options = { reject: false, timeout: timeoutMs, forceKillAfterDelay: 1000, stdin: 'ignore' } as const;
      const result = await execa(file, args, { ...options, stripFinalNewline: false });
      const output = [result.stdout, result.stderr || (result.failed ? result.originalMessage : '')].join('');
      notes.ran(command.join(' '), result.exitCode ?? null, output);
      return result.stdout ?? '';
    },
    ran: (command, exitCode, output) =>
      void kept.commands.push({ command, exit_code: exitCode, output: output.slice(0, OUTPUT_CHARS) }),
  };
  return { notes, kept };
}
