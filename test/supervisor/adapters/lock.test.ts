import { connect } from 'node:net';
import { LockHeld, lockAddress, lockHolder, takeLock } from '@hybrid-soak/supervisor/adapters/lock.ts';
import t from 'tap';

const unit = `test-${process.pid}.service:/${'a-long-folder/'.repeat(20)}`;

t.test('the second supervisor of a unit is refused and told who holds it; another unit is free', async (t) => {
  const lock = await takeLock('s', unit, 'pid 1, run a');
  await t.rejects(takeLock('s', unit, 'pid 2'), new LockHeld(`${unit} is held by pid 1, run a`));
  t.equal(await lockHolder('s', unit), 'pid 1, run a');
  const other = await takeLock('s', `other-${unit}`, 'pid 3');
  other.close();
  await new Promise((resolve) => lock.close(resolve));
  t.equal(await lockHolder('s', unit), null);
  (await takeLock('s', unit, 'again')).close();
});

t.test('a visitor that hangs up at once does not hurt the holder', async (t) => {
  const lock = await takeLock('s', `rude-${unit}`, 'x'.repeat(1 << 20));
  for (let i = 0; i < 20; i++) {
    const socket = connect(lockAddress('s', `rude-${unit}`));
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();
  }
  t.match(await lockHolder('s', `rude-${unit}`), /^x+$/);
  lock.close();
});
