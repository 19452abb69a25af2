/** Ends a command: one clear line on stderr, one documented exit code. Nothing has been changed. */
export class Stop extends Error {
  override name = 'Stop';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
