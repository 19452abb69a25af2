// Loaded ahead of the engine in each of its threads: from a moment on their wall clock is an hour ahead.
const real = Date.now.bind(Date);
const jumpAt = Number(process.env['CLOCK_JUMP_AT_MS']);
Date.now = () => (real() >= jumpAt ? real() + 3_600_000 : real());
