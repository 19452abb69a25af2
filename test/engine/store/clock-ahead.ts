// Loaded ahead of the engine in each of its threads: their wall clock is days ahead.
import { existsSync } from 'node:fs';

const real = Date.now.bind(Date);
const aheadMs = Number(process.env['CLOCK_AHEAD_DAYS']) * 86_400_000;
/** Once this file is there the clock is right, as after the first answer of a time server. */
const rightFile = process.env['CLOCK_RIGHT_FILE'];
let isRight = false;
Date.now = () => {
  isRight ||= rightFile !== undefined && existsSync(rightFile);
  return isRight ? real() : real() + aheadMs;
};
