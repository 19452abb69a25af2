import { readFileSync } from 'node:fs';

const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

/** The commands of a page's `sh` blocks, one a line, without their comments; of one section if it is named. */
export const commandsOf = (name: string, section?: string): string[] =>
  [...(section === undefined ? page(name) : sectionOf(page(name), section)).matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '');

const sectionOf = (text: string, title: string): string =>
  text.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? '';

export const START = 'test/ops/start.test.ts';

/** Which test runs a command, as it stands or with other names of hosts, files and times. The first that matches. */
export const RUN_BY: readonly [command: RegExp, test: string][] = [
  [/^npm start\b/, START],
  [/^npm test\b/, 'test/harness/runner.test.ts'],
  [/^npm run check\b/, 'test/tidy.test.ts'],
  [/^npm run sandbox\b/, 'test/systemd/sandbox.test.ts'],
  [/^npm run simulate\b/, 'test/sim/simulation.test.ts'],
  [/^npm run bench\b/, 'test/bench/main.ts'],
  [/^npm run schemas\b/, 'test/contract/schemas.test.ts'],
  [/^sudo apt install |^tar xf |hybrid-soak-VERSION-linux-x64\/install/, 'test/systemd/release.test.ts'],
  [/^sudo soak (doctor|prove)\b/, 'test/systemd/prove.test.ts'],
  [/^sudo -u hybrid-soak .*check-config/, 'test/systemd/account.test.ts'],
  [/^(sudo )?systemctl |mv bot\.db|^sudo install |^sudo sh .*backup /, 'test/systemd/account.test.ts'],
  [/^nats-server |^npx hybrid-fleet /, 'test/fleet/merge.test.ts'],
  [/^(npx )?(soak|hybrid-engine|hybrid-feed) |^jq |^kill |^echo /, START],
];

export const testOf = (command: string): string | undefined => RUN_BY.find(([which]) => which.test(command))?.[1];
