import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { nkeys } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../eventually.ts';
import { FLEET } from '../programs.ts';
import { natsServer, noServer } from './server.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const skip = noServer === false && !hasOpenssl ? 'openssl is not installed' : noServer;

type Pair = ReturnType<typeof nkeys.createUser>;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A claim about a key, signed by another: https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt */
function jwt(issuer: Pair, subject: Pair, nats: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { jti: 'x', iat: 1_700_000_000, iss: issuer.getPublicKey(), name: 'x', sub: subject.getPublicKey() };
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...claims, nats: { version: 2, ...nats } })}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}

/** A server with TLS, and `ship --once` to it with those lines in [fleet]. */
async function place(t: Test, serverConfig: string) {
  const folder = t.testdir({});
  const file = (name: string) => join(folder, name);
  const certificate = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=x',
  ];
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', file('key.pem'), '-out', file('ca.pem')];
  t.equal(spawnSync('openssl', ['req', ...certificate, ...names]).status, 0);
  spawnSync('openssl', ['req', ...certificate, '-keyout', file('x.pem'), '-out', file('other.pem')]);
  const tls = `tls { cert_file: "${file('ca.pem')}", key_file: "${file('key.pem')}" }`;
  const server = await natsServer(file('nats'), `${tls}\n${serverConfig}`);
  t.teardown(() => server.kill());
  const db = new Database(file('bot.db'));
  t.teardown(() => db.close());
  db.pragma('journal_mode = WAL');
  db.exec(Object.values(MIGRATIONS).join(''));
  const command = (secret: string, ca: string) => {
    writeFileSync(file('config.toml'), `[fleet]\ntls_ca_file = "${ca}"\n${secret}\n`);
    return [
      'ship',
      '--once',
      '--config',
      file('config.toml'),
      '--server',
      `localhost:${server.port}`,
      '--db',
      file('bot.db'),
    ];
  };
  const ship = (secret: string) =>
    spawnSync(FLEET, command(secret, file('ca.pem')), { encoding: 'utf8', timeout: 300_000 });
  /** One that trusts another authority: it tries for ever. */
  const shipTrusting = (secret: string, ca: string) => {
    const child = spawn(FLEET, command(secret, ca), { stdio: ['ignore', 'ignore', 'pipe'] });
    t.teardown(() => child.kill('SIGKILL'));
    return child.stderr;
  };
  return { file, ship, shipTrusting };
}

t.setTimeout(600_000);

t.test('an NKey over TLS: the right one ships, another is refused', { skip }, async (t) => {
  const [own, other] = [nkeys.createUser(), nkeys.createUser()];
  const { file, ship, shipTrusting } = await place(t, `authorization { users: [ { nkey: ${own.getPublicKey()} } ] }`);
  writeFileSync(file('own.nk'), `${text(own.getSeed())}\n`);
  writeFileSync(file('other.nk'), text(other.getSeed()));
  t.match(ship(`nkey_file = "${file('own.nk')}"`), { status: 0 });
  t.match(ship(`nkey_file = "${file('other.nk')}"`), { status: 12, stderr: /the server refuses/ });
  let said = '';
  shipTrusting(`nkey_file = "${file('own.nk')}"`, file('other.pem')).on('data', (data) => {
    said += data;
  });
  t.ok(await eventually(() => /certificate/.test(said)), 'a server that another authority signed is not trusted');
});

t.test('a credentials file over TLS', { skip }, async (t) => {
  const [operator, user] = [nkeys.createOperator(), nkeys.createUser()];
  const [account, system] = [nkeys.createAccount(), nkeys.createAccount()];
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const ofAccount = jwt(operator, account, { type: 'account', limits: { ...limits, ...storage } });
  const ofSystem = jwt(operator, system, { type: 'account', limits });
  const config = [
    `operator: ${jwt(operator, operator, { type: 'operator' })}`,
    'resolver: MEMORY',
    `system_account: ${system.getPublicKey()}`,
    `resolver_preload: { ${account.getPublicKey()}: ${ofAccount}, ${system.getPublicKey()}: ${ofSystem} }`,
  ].join('\n');
  const { file, ship } = await place(t, config);
  const ofUser = jwt(account, user, { type: 'user', subs: -1, data: -1, payload: -1 });
  const block = (name: string, secret: string) => `-----BEGIN ${name}-----\n${secret}\n------END ${name}------\n\n`;
  const seed = text(user.getSeed());
  writeFileSync(file('own.creds'), block('NATS USER JWT', ofUser) + block('USER NKEY SEED', seed));
  const ran = ship(`credentials_file = "${file('own.creds')}"`);
  t.equal(ran.stderr.replaceAll(/^.*; next try in .*\n/gm, ''), '');
  t.equal(ran.status, 0);
});
