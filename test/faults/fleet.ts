import { noServer } from '../fleet/server.ts';
import { killsWhileShipping } from '../fleet/shipping.ts';
import { check, type Fault, NotPossible } from './fault.ts';

const PER_SECOND = 2000;

export const fleetKills: Fault = {
  name: 'fleet',
  what: 'what two hosts shipped is what they wrote, byte for byte and in order, with shippers and server killed at random moments',
  full: 50,
  short: 3,
  async inflict({ count, random }) {
    if (noServer !== false) throw new NotPossible(noServer);
    // About a second passes between two kills.
    const { rows, differences } = await killsWhileShipping(count, count * PER_SECOND, PER_SECOND, random);
    check('rows there are rows here', differences.length === 0, differences.slice(0, 5));
    return `${rows} rows`;
  },
};
