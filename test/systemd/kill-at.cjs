// Loaded before a program (`--require`): kill -9 of it right after it has renamed or copied something to a path that ends with
// KILL_AT. No timing is needed, and no moment can be missed.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

for (const name of ['copyFileSync', 'renameSync']) {
  const real = fs[name];
  fs[name] = (from, to, ...more) => {
    real(from, to, ...more);
    if (String(to).endsWith(process.env.KILL_AT)) process.kill(process.pid, 'SIGKILL');
  };
}
syncBuiltinESMExports();
