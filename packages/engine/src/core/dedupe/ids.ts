/** A number while it is exact with room to spare, a bigint beyond: one id is always of one type. */
export type Id = number | bigint;

const EXACT_DIGITS = 15;
const LAST_NUMBER = 999_999_999_999_999;

export function idOf(given: string | number): Id {
  if (typeof given === 'number') return given <= LAST_NUMBER ? given : BigInt(given);
  return given.length <= EXACT_DIGITS ? Number(given) : BigInt(given);
}

export const next = (id: Id): Id => (typeof id === 'number' && id < LAST_NUMBER ? id + 1 : BigInt(id) + 1n);

export const previous = (id: Id): Id => (typeof id === 'number' ? id - 1 : idOf(String(id - 1n)));

/** How far `to` is above `from`. */
export const distance = (from: Id, to: Id): number =>
  typeof from === 'number' && typeof to === 'number' ? to - from : Number(BigInt(to) - BigInt(from));
