import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';

/**
 * Whoever reads the output may go before its end: `head` does, and so does a terminal that is closed. That is no fault of a
 * command and must not end a soak, which has a configuration to put back. Any other failure is told in one line.
 */
export function outliveReaders(): void {
  for (const [name, stream] of Object.entries({ stdout: process.stdout, stderr: process.stderr }))
    stream.on('error', ({ code, message }: { code?: string; message: string }) => {
      if (hasGone(code)) return;
      process.exitCode ||= SOAK_EXIT.BUG;
      if (name === 'stdout') process.stderr.write(`stdout: cannot be written (${code ?? message})\n`);
    });
}

/** EIO is what a terminal that has hung up answers. */
export const hasGone = (code: string | undefined) => code === 'EPIPE' || code === 'EIO';
