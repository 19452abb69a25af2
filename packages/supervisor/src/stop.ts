import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';

/** Ends a command: one clear line on stderr, one documented exit code. Nothing has been changed. */
export class Stop extends Error {
  override name = 'Stop';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

let outlived = false;

/**
 * A reader of the output may end before it does: `head`, or a terminal that is closed. That must not end a soak, which has a
 * configuration to restore. Any other failure to write is reported in one line.
 */
export function outliveReaders(): void {
  if (outlived) return;
  outlived = true;
  for (const [name, stream] of Object.entries({ stdout: process.stdout, stderr: process.stderr }))
    stream.on('error', ({ code, message }: { code?: string; message: string }) => {
      if (hasGone(code)) return;
      process.exitCode ||= SOAK_EXIT.BUG;
      if (name === 'stdout') process.stderr.write(`stdout: cannot be written (${code ?? message})\n`);
    });
}

/** EIO is what a terminal that has hung up answers. */
export const hasGone = (code: string | undefined) => code === 'EPIPE' || code === 'EIO';
