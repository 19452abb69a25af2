import { printable } from '@hybrid-soak/contract/printable.ts';
import type { Summary } from '@hybrid-soak/contract/summary.ts';

/** A soak as a test suite, so that a CI shows it as one: a test for the verdict, for each threshold and for each slope. */
export function junit(summary: Summary): string {
  const { run_id, verdict, reason, duration_s, thresholds, drift, ended } = summary;
  const cases = [
    testcase('verdict', duration_s, verdict === 'PASS' ? null : `${verdict}: ${reason}`, reason),
    ...thresholds.map(({ name, limit, seen, ok }) => {
      const said = `${name} = ${limit}, seen ${seen}`;
      return testcase(name, 0, ok ? null : said, said);
    }),
    ...drift.map(({ signal, drift: drifts, text }) => testcase(`drift ${signal}`, 0, drifts ? text : null, text)),
  ];
  const failures = cases.filter(({ failed }) => failed).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${duration_s}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="soak ${attribute(run_id)}" timestamp="${attribute(ended.slice(0, 19))}" ${counts}>`,
    ...cases.map(({ xml }) => `    ${xml}`),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testcase(name: string, seconds: number, failure: string | null, said: string) {
  const head = `<testcase classname="soak" name="${attribute(name)}" time="${seconds}">`;
  const inside =
    failure === null
      ? `<system-out>${attribute(said)}</system-out>`
      : `<failure message="${attribute(failure)}">${attribute(failure)}</failure>`;
  return { failed: failure !== null, xml: `${head}${inside}</testcase>` };
}

/** What XML 1.0 does not allow, or steers a reader, is shown by its number. */
const attribute = (text: string): string =>
  printable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
