import { type ChildProcess, spawn } from 'node:child_process';
import type { Recorded } from '@hybrid-soak/contract/recorded-frame.ts';
import { FEED } from '../programs.ts';
import { printedIfFailed } from '../said.ts';

export interface FeedEnded {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningFeed {
  child: ChildProcess;
  /** Its first line on stdout as JSON; rejects when it ends without one. */
  said: Promise<Record<string, unknown>>;
  ended: Promise<FeedEnded>;
}

/** The real command. */
export function feed(...args: string[]): RunningFeed {
  const child = spawn(FEED, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  printedIfFailed(`hybrid-feed ${args.join(' ')}`, () => stderr + stdout.slice(0, 1000));
  const first = Promise.withResolvers<Record<string, unknown>>();
  child.stdout.on('data', (data) => {
    stdout += data;
    if (stdout.includes('\n')) first.resolve(JSON.parse(stdout.split('\n')[0] as string));
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const ended = new Promise<FeedEnded>((done) => {
    child.on('close', (code) => {
      first.reject(new Error(`hybrid-feed ended: ${stderr}`));
      done({ code, stdout, stderr });
    });
  });
  first.promise.catch(() => {});
  return { child, said: first.promise, ended };
}

/** The whole lines of a recording. */
export const recordedIn = (text: string): Recorded[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Recorded);
