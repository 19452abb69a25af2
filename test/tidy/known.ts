/** What still breaks a rule. It shrinks only, and goes when it is empty. */
export const KNOWN: string[] = [
  'packages/supervisor/src/text/terminal.ts imports packages/supervisor/src/adapters/clock.ts: text may not',
  'packages/report/src/live/server.ts: serveLive has 80 lines',
  'packages/supervisor/src/adapters/progress.ts: progressProbe has 102 lines',
  'packages/supervisor/src/unit/embedded.ts: embeddedUnit has 132 lines',
];
