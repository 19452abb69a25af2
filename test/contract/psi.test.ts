import { parsePsi } from '@hybrid-soak/contract/psi.ts';
import t from 'tap';

t.test('a pressure file of kernel 6.8, both lines, raw text kept', async (t) => {
  const some = 'some avg10=55.12 avg60=50.00 avg300=48.93 total=4391358';
  const full = 'full avg10=0.00 avg60=0.00 avg300=0.00 total=0';
  const psi = parsePsi(`${some}\n${full}\n`);
  t.same(psi, {
    available: true,
    value: {
      some: { raw: some, avg10: 55.12, avg60: 50, avg300: 48.93, total: 4391358 },
      full: { raw: full, avg10: 0, avg60: 0, avg300: 0, total: 0 },
    },
  });
});

t.test('kernel 4.20 prints no full line for cpu', async (t) => {
  t.match(parsePsi('some avg10=1.00 avg60=0.00 avg300=0.00 total=9\n'), { available: true, value: { full: null } });
});

t.test('odd white space and unknown lines are accepted', async (t) => {
  const psi = parsePsi('  some  avg10=1.00 avg60=2.00\tavg300=3.00 total=9  \r\nirq avg10=1\n');
  t.match(psi, { available: true, value: { some: { avg10: 1, avg60: 2, avg300: 3, total: 9 } } });
});

t.test('text that does not parse is unavailable with the reason, never zero', async (t) => {
  for (const text of [
    '',
    '\n',
    'some avg10=x avg60=0.00 avg300=0.00 total=0\n',
    'full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'some avg10=-1.00 avg60=0 avg300=0 total=0',
  ])
    t.match(parsePsi(text), { available: false, why: String }, JSON.stringify(text));
});
