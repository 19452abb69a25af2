import { type Scope, systemctl } from './systemctl.ts';

/** Whether the manager is shutting down, or leads to rescue: it refuses to start a unit then (systemctl(1), is-system-running). */
export async function isGoingDown(scope: Scope): Promise<boolean> {
  const { stdout } = await systemctl(scope, ['is-system-running']);
  if (/^(stopping|maintenance)$/.test(stdout.trim())) return true;
  const jobs = await systemctl(scope, ['list-jobs', '--no-legend', '--plain']);
  return /^\s*\d+\s+(shutdown|rescue|emergency|exit)\.target\s+start\b/m.test(jobs.stdout);
}
