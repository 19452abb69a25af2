import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountOf } from '@hybrid-soak/supervisor/adapters/drop-root.ts';
import t from 'tap';

t.test('an account is looked for in passwd, and elsewhere only if this host has others', async (t) => {
  const etc = t.testdir({
    passwd: 'root:x:0:0:root:/root:/bin/sh\nhere:x:7:8::/home/here:/bin/sh\n',
    getent: '#!/bin/sh\ntouch "$(dirname "$0")/asked"\necho "$2:x:17:18::/home/there:/bin/sh"\n',
  });
  chmodSync(join(etc, 'getent'), 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${etc}:${PATH}`;
  t.teardown(() => {
    process.env['PATH'] = PATH;
  });
  const asked = () => {
    const was = existsSync(join(etc, 'asked'));
    rmSync(join(etc, 'asked'), { force: true });
    return was;
  };
  const here = { name: 'here', uid: 7, gid: 8, home: '/home/here' };
  const there = { name: 'there', uid: 17, gid: 18, home: '/home/there' };
  for (const [sources, others] of [
    ['passwd: files\n', false],
    ['group: files\npasswd: files ldap # more\n', true],
    ['passwd: files [NOTFOUND=return] sss\n', true],
    ['group: files\n', true],
    [null, true],
  ] as const) {
    rmSync(join(etc, 'nsswitch.conf'), { force: true });
    if (sources !== null) writeFileSync(join(etc, 'nsswitch.conf'), sources);
    t.same(accountOf('here', etc), here);
    t.notOk(asked());
    t.same(accountOf('there', etc), others ? there : null, String(sources));
    t.equal(asked(), others);
  }
});
