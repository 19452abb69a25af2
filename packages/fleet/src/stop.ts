/** Ends the program with an exit code and one line for people: `PLACE: problem; valid: X`. */
export class Stop extends Error {
  override name = 'Stop';
  readonly exit: number;
  constructor(exit: number, message: string) {
    super(message);
    this.exit = exit;
  }
}
