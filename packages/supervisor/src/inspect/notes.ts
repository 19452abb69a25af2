import type { Check, Proof } from '@hybrid-soak/contract/proof.ts';

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

const OUTPUT_CHARS = 20_000;

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
      const { execa } = await import('execa');
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
