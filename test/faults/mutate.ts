import { pick, type Random } from '../sim/random.ts';

/** Values that a field must not be taken for, or only with care. */
const NASTY = [
  ...[
    'NaN',
    'Infinity',
    '1e400',
    '-1',
    '-0',
    '0',
    '0.-10000',
    '1e-400',
    '""',
    'null',
    'true',
    '[]',
    '{}',
    '"__proto__"',
  ],
  ...[
    '"NaN"',
    '"1e400"',
    '"-1"',
    '"0x10"',
    '" 1"',
    '"1,5"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '9007199254740993',
  ],
  ...[
    '"9007199254740993"',
    '18446744073709551616',
    '1e20',
    '"9999999999999999999999"',
    '1230940799999',
    '4102444800000',
  ],
  ...[
    '{"__proto__":{"polluted":1}}',
    '[[[[[[[[]]]]]]]]',
    `"${'x'.repeat(5000)}"`,
    '"１２"',
    '"1e5"',
    '1.5e3',
    '"\\u0031"',
  ],
];
const TOKEN = /"[^"]*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const DEPTH = 20_000;

/** Frames that are not mutations of recorded ones. */
const STRANGERS: ((random: Random) => Buffer)[] = [
  (random) => noise(random, Math.floor(random() * 300)),
  () => Buffer.from('['.repeat(DEPTH)),
  () => Buffer.from(`${'{"data":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`),
  () => Buffer.from(`{"e":"trade","p":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`),
  () => Buffer.from('{"__proto__":{"polluted":1,"e":"trade"},"constructor":{"prototype":{"polluted":1}}}'),
  () => Buffer.from('"\\ud800"'),
  () => Buffer.from([0xff, 0xfe, 0x7b, 0xed, 0xa0, 0x80]),
  () => Buffer.alloc(0),
];

const MUTATIONS: ((random: Random, frame: Buffer) => Buffer)[] = [
  (random, frame) => {
    const flipped = Buffer.from(frame);
    flipped[place(random, frame)] = Math.floor(random() * 256);
    return flipped;
  },
  (random, frame) => frame.subarray(0, place(random, frame)),
  (random, frame) => splice(frame, place(random, frame), 1 + Math.floor(random() * 20), Buffer.alloc(0)),
  (random, frame) => splice(frame, place(random, frame), 0, noise(random, 1 + Math.floor(random() * 8))),
  (random, frame) => {
    const at = place(random, frame);
    return splice(frame, at, 0, frame.subarray(at, at + 40));
  },
  replaceToken,
  replaceToken,
  replaceToken,
  (_random, frame) =>
    Buffer.from(frame.toString('latin1').replace('{', '{"__proto__":{"polluted":1,"p":"1"},'), 'latin1'),
  (_random, frame) => Buffer.from(frame.toString('latin1').replaceAll(':', ' :\n').replaceAll(',', ' , '), 'latin1'),
];

/** A frame made worse: one time in ten not at all, one in fifty of no known shape. */
export function mutate(random: Random, text: string): Buffer {
  const roll = random();
  if (roll < 0.02) return pick(random, STRANGERS)(random);
  let frame: Buffer = Buffer.from(text);
  if (roll < 0.12) return frame;
  for (let left = random() < 0.7 ? 1 : 3; left > 0; left--) frame = pick(random, MUTATIONS)(random, frame);
  return frame;
}

function replaceToken(random: Random, frame: Buffer): Buffer {
  const text = frame.toString('latin1');
  const tokens = [...text.matchAll(TOKEN)];
  if (tokens.length === 0) return frame;
  const token = pick(random, tokens);
  return splice(frame, token.index, token[0].length, Buffer.from(pick(random, NASTY)));
}

const place = (random: Random, frame: Buffer) => Math.floor(random() * frame.length);
const noise = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));

const splice = (frame: Buffer, at: number, removed: number, added: Buffer): Buffer =>
  Buffer.concat([frame.subarray(0, at), added, frame.subarray(at + removed)]);
