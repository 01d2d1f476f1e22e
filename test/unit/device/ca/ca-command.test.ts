import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeBundle } from '#device/ca/bundle.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { type ArmoredObject, dearmor } from '#runtime/pki/armor.ts';
import { verifyChain } from '#runtime/pki/chain.ts';
import { verifyPolicy } from '#runtime/pki/policy.ts';
import { verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import { verifySignedRoster } from '#runtime/pki/signed-roster.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { gridvine } from '../cli/run.ts';
import { CaBench, DAY, PASSPHRASE, START } from './world.ts';

const provider = createNodeProvider();

function objectsIn(path: string): readonly ArmoredObject[] {
  const read = dearmor(readFileSync(path, 'utf8'));
  assert.ok('objects' in read);
  return read.objects;
}

function anchorsOf(statements: readonly Uint8Array[]): TrustAnchors {
  const judged = TrustAnchors.of(provider, 'hillside', statements);
  assert.ok('value' in judged, JSON.stringify(judged));
  return judged.value;
}

const bytesOf = (objects: readonly ArmoredObject[], kind: string) =>
  objects.filter((object) => object.kind === kind).map(({ bytes }) => bytes);

interface RosterShown {
  readonly version: number;
  readonly previous: readonly { readonly name: string }[];
}

async function madeBench(t: Parameters<typeof temporaryDirectory>[0]): Promise<CaBench> {
  const bench = new CaBench(await temporaryDirectory(t));
  await bench.done('init', '--cluster', 'hillside');
  return bench;
}

test('init makes a directory for its owner alone, whose root.cert a node can trust', async (t) => {
  const bench = await madeBench(t);
  const mode = (name: string) => statSync(name).mode & 0o777;
  assert.equal(mode(bench.ca), 0o700);
  const { roots } = await bench.show();
  assert.equal(mode(`${bench.ca}/root-${roots[0]?.id}.key`), 0o600);
  assert.equal(mode(`${bench.ca}/root.cert`), 0o644);
  assert.equal(anchorsOf(bytesOf(objectsIn(`${bench.ca}/root.cert`), 'root')).roots.length, 1);
  assert.equal(roots[0]?.state, 'signs');
});

test('a board requests, the CA issues from that, and the certificate counts with its very keys', async (t) => {
  const bench = await madeBench(t);
  const state = ['--data-dir', bench.path('state'), '--cluster', 'hillside', '--name', 'barn'];
  const requested = await gridvine(['identity', 'request', ...state]);
  assert.equal(requested.code, 0, requested.stderr);
  assert.match(requested.stderr, /request of barn \([0-9a-f]{32}\) for cluster hillside/);
  const again = await gridvine(['identity', 'request', ...state]);
  assert.equal(again.stdout, requested.stdout, 'the same identity each time');
  const request = bench.file('barn.request', requested.stdout);
  const out = bench.path('barn.cert');
  const told = await bench.done(
    'issue',
    request,
    '--group',
    'sensor',
    '--group',
    'controller',
    '--valid',
    '90d',
    '--out',
    out,
  );
  assert.match(told, /certified barn \([0-9a-f]{32}\) until 2026-04-01 00:00:00Z, serial [0-9a-f]{32}/);
  const objects = objectsIn(out);
  const judged = verifyChain(provider, {
    roots: anchorsOf(bytesOf(objects, 'root')),
    chain: bytesOf(objects, 'certificate'),
    atSeconds: START,
    revoked: new RevocationSet(),
  });
  assert.ok('value' in judged, JSON.stringify(judged));
  assert.deepEqual(judged.value.certificate.groups, ['controller', 'sensor']);
  const seed = /"seed":"([0-9a-f]{64})"/.exec(
    readFileSync(`${bench.path('state')}/identity.json`, 'utf8'),
  )?.[1];
  const identity = identityFromSeed(provider, new Uint8Array(Buffer.from(seed ?? '', 'hex')));
  assert.equal(judged.value.certificate.id, identity.id);
});

test('a bundle holds identity, certificate and root of one board, for its owner alone', async (t) => {
  const bench = await madeBench(t);
  const out = bench.path('roof.bundle');
  const told = await bench.done('issue', 'roof', '--group', 'controller', '--out', out);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const bundle = decodeBundle(readFileSync(out));
  assert.ok(bundle);
  const roots = anchorsOf(bundle.roots);
  const judged = verifyChain(provider, {
    roots,
    chain: bundle.chain,
    atSeconds: START,
    revoked: new RevocationSet(),
  });
  assert.ok('value' in judged);
  assert.equal(judged.value.certificate.id, identityFromSeed(provider, bundle.seed).id);
  const seed = Buffer.from(bundle.seed).toString('hex');
  const shown = await bench.bare('ca', 'show', out);
  assert.match(shown.stdout, /certificate of roof/);
  for (const text of [told, shown.stdout, readFileSync(`${bench.ca}/index`, 'latin1')])
    assert.equal(text.includes(seed), false, 'the secret stands nowhere else');
});

test('the root key is in no file in the clear, and neither is the passphrase', async (t) => {
  const bench = new CaBench(await temporaryDirectory(t));
  const made = await gridvine(
    ['ca', 'init', '--cluster', 'hillside', '--dir', bench.ca, '--passphrase-file', bench.path('pass')],
    { nowSeconds: () => START },
  );
  assert.equal(made.code, 0, made.stderr);
  const { roots } = await bench.show();
  const key = readFileSync(`${bench.ca}/root-${roots[0]?.id}.key`, 'utf8');
  assert.match(key, /"kdf":"scrypt","cost":\{"costLog2":17,"blockSize":8,"parallel":1\}/);
  for (const name of [`root-${roots[0]?.id}.key`, 'index', 'root.cert', 'fleet.statements'])
    assert.equal(readFileSync(`${bench.ca}/${name}`, 'latin1').includes(PASSPHRASE), false, name);
});

test('a revoked board is known to every node that has the statement, and its name is free again', async (t) => {
  const bench = await madeBench(t);
  await bench.done('issue', 'roof', '--out', bench.path('roof.bundle'));
  const taken = await bench.run('issue', 'roof', '--out', bench.path('other.bundle'));
  assert.equal(taken.code, 1);
  assert.match(
    taken.stderr,
    /"roof": another board, [0-9a-f]{32}, has a certificate of this name until .*--again/,
  );
  bench.nowSeconds += DAY;
  const text = await bench.done('revoke', 'roof', '--reason', 'stolen');
  const read = dearmor(text);
  assert.ok('objects' in read);
  const roots = anchorsOf(bytesOf(objectsIn(`${bench.ca}/root.cert`), 'root'));
  const revocation = verifyRevocation(roots, read.objects[0]?.bytes ?? new Uint8Array(0));
  assert.ok('value' in revocation);
  assert.equal(revocation.value.revokedAt, START + DAY);
  assert.deepEqual(bytesOf(objectsIn(`${bench.ca}/fleet.statements`), 'revocation').length, 1);
  const shown = await bench.show();
  assert.deepEqual(
    shown.certificates.map(({ name, state, reason }) => [name, state, reason]),
    [['roof', 'revoked', 'stolen']],
  );
  assert.equal(shown.revocations[0]?.kind, 'node');
  const twice = await bench.run('revoke', 'roof');
  assert.match(twice.stderr, /"roof": it is revoked already/);
  await bench.done('issue', 'roof', '--out', bench.path('again.bundle'));
  const [first, second] = (await bench.show()).certificates;
  assert.deepEqual([first?.state, second?.state], ['revoked', 'valid']);
});

test('by a serial one certificate alone is revoked, by an id the board', async (t) => {
  const bench = await madeBench(t);
  await bench.done('issue', 'a', '--out', bench.path('a.bundle'));
  await bench.done('issue', 'b', '--out', bench.path('b.bundle'));
  const [a, b] = (await bench.show()).certificates;
  await bench.done('revoke', a?.serial ?? '');
  await bench.done('revoke', b?.id.toUpperCase() ?? '');
  const shown = await bench.show();
  assert.deepEqual(
    shown.revocations.map(({ kind, target }) => [kind, target]),
    [
      ['certificate', a?.serial],
      ['node', b?.id],
    ],
  );
  const unknown = await bench.run('revoke', '0'.repeat(32));
  assert.match(unknown.stderr, /expected a serial or id of a certificate that this CA issued/);
});

test('a registrar may issue what it was told, and a device nothing', async (t) => {
  const bench = await madeBench(t);
  const wrong = await bench.run('issue', 'x', '--may-issue', 'sensor');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--may-issue: expected --registrar too/);
  const out = bench.path('r.bundle');
  await bench.done('issue', 'r', '--registrar', '--may-issue', 'sensor', '--longest', '30d', '--out', out);
  const bundle = decodeBundle(readFileSync(out));
  const judged = verifyChain(provider, {
    roots: anchorsOf(bundle?.roots ?? []),
    chain: bundle?.chain ?? [],
    atSeconds: START,
    revoked: new RevocationSet(),
  });
  assert.ok('value' in judged);
  assert.deepEqual(judged.value.certificate.issuer, { groups: ['sensor'], validitySecondsMax: 30 * DAY });
});

test('a policy is changed rule by rule, and each has the next number', async (t) => {
  const bench = await madeBench(t);
  assert.equal((await bench.show()).policy.number, 0);
  await bench.done(
    'policy',
    '--write',
    'pv/=*',
    '--write',
    'old/=nobody',
    '--right',
    'vote=voter,controller',
  );
  const text = await bench.done('policy', '--drop', 'old/', '--write', 'a=b/=sensor');
  assert.match(text, /policy number 2/);
  const roots = anchorsOf(bytesOf(objectsIn(`${bench.ca}/root.cert`), 'root'));
  const [object] = bytesOf(objectsIn(`${bench.ca}/fleet.statements`), 'policy');
  const policy = verifyPolicy(roots, object ?? new Uint8Array(0));
  assert.ok('value' in policy);
  assert.deepEqual(policy.value.writes, {
    '': 'everybody',
    'pv/': 'everybody',
    'setpoint/': ['controller'],
    'a=b/': ['sensor'],
  });
  assert.deepEqual(policy.value.rights.vote, ['controller', 'voter']);
  for (const [words, expected] of [
    [['--write', 'pv/'], /expected NAME=GROUPS/],
    [['--right', 'fly=a'], /expected one of command, mint, vote; got fly/],
    [['--drop', 'none/'], /no rule for this prefix/],
    [['--write', 'x/=Not A Group'], /group: expected 1 to 32 of a-z/],
  ] as const) {
    const { code, stderr } = await bench.run('policy', ...words);
    assert.equal(code, 1);
    assert.match(stderr, expected);
  }
});

test('after a rotation both roots count, and the new one says again what the old one said', async (t) => {
  const bench = await madeBench(t);
  const before = bench.path('before.bundle');
  await bench.done('issue', 'roof', '--out', before);
  await bench.done('issue', 'gone', '--out', bench.path('gone.bundle'));
  await bench.done('revoke', 'gone');
  await bench.done('policy', '--write', 'pv/=*');
  const old = anchorsOf(decodeBundle(readFileSync(before))?.roots ?? []);
  bench.nowSeconds += DAY;
  await bench.done('rotate');
  const after = bench.path('after.bundle');
  await bench.done('issue', 'barn', '--out', after);
  const statements = objectsIn(`${bench.ca}/fleet.statements`);
  // A board that knew only the old root learns of the new one from it.
  let roots = old;
  for (const bytes of bytesOf(statements, 'root')) {
    const next = roots.withEndorsement(bytes);
    assert.ok('value' in next, JSON.stringify(next));
    roots = next.value;
  }
  for (const path of [before, after]) {
    const chain = decodeBundle(readFileSync(path))?.chain ?? [];
    const judged = verifyChain(provider, { roots, chain, atSeconds: START, revoked: new RevocationSet() });
    assert.ok('value' in judged, JSON.stringify(judged));
  }
  const signers = new Set<string>();
  for (const bytes of bytesOf(statements, 'revocation')) {
    const judged = verifyRevocation(roots, bytes);
    assert.ok('value' in judged);
    signers.add(Buffer.from(judged.value.signed.kid).toString('hex'));
  }
  assert.equal(signers.size, 2);
  const shown = await bench.show();
  assert.deepEqual(
    shown.roots.map(({ state }) => state),
    ['accepted', 'signs'],
  );
  assert.equal(shown.revocations.length, 1);
  await bench.done('rotate');
  assert.deepEqual(
    (await bench.show()).roots.map(({ state }) => state),
    ['retired', 'accepted', 'signs'],
  );
});

test('what ends soon, has ended, or was revoked is told apart, to people too', async (t) => {
  const bench = await madeBench(t);
  await bench.done('issue', 'short', '--valid', '90d', '--out', bench.path('a'));
  await bench.done('issue', 'long', '--valid', '2y', '--out', bench.path('b'));
  bench.nowSeconds += 61 * DAY;
  assert.match(await bench.done('show'), /short\s+ends-soon[\s\S]*long\s+valid[\s\S]*end soon: short/);
  bench.nowSeconds += 30 * DAY;
  assert.deepEqual(
    (await bench.show()).certificates.map(({ state }) => state),
    ['expired', 'valid'],
  );
});

test('an expired root signs nothing but its successor', async (t) => {
  const bench = new CaBench(await temporaryDirectory(t));
  await bench.done('init', '--cluster', 'hillside', '--valid', '1y');
  bench.nowSeconds += 365 * DAY;
  const { code, stderr } = await bench.run('issue', 'roof', '--out', bench.path('a'));
  assert.equal(code, 1);
  assert.match(
    stderr,
    /root [0-9a-f]{16}: expired at 2027-01-01 00:00:00Z\. Make its successor: gridvine ca rotate/,
  );
  assert.equal((await bench.show()).certificates.length, 0);
  await bench.done('rotate');
  await bench.done('issue', 'roof', '--out', bench.path('a'));
  bench.nowSeconds = START;
  const back = await bench.run('issue', 'barn', '--out', bench.path('b'));
  assert.match(back.stderr, /this machine's clock says 2026-01-01 00:00:00Z\. Set the clock/);
});

test('a request of another cluster, of a revoked board, changed or cut is refused by a clear message', async (t) => {
  const bench = await madeBench(t);
  const ask = async (cluster: string) =>
    (
      await gridvine([
        'identity',
        'request',
        '--data-dir',
        bench.path('state'),
        '--cluster',
        cluster,
        '--name',
        'barn',
      ])
    ).stdout;
  const refusal = async (name: string, text: string) => {
    const { code, stderr } = await bench.run('issue', bench.file(name, text), '--out', bench.path('out'));
    assert.equal(code, 1);
    return stderr;
  };
  assert.match(await refusal('1', await ask('valley')), /expected one for cluster "hillside"; got "valley"/);
  const good = await ask('hillside');
  assert.match(
    await refusal('2', good.slice(0, 150)),
    /line 1: the block has no END line; it was cut\. Copy it again/,
  );
  const read = dearmor(good);
  assert.ok('objects' in read);
  const bytes = read.objects[0]?.bytes ?? new Uint8Array(0);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
  const forged = `-----BEGIN GRIDVINE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END GRIDVINE REQUEST-----\n`;
  assert.match(await refusal('3', forged), /it isn't signed by the key it asks for/);
  assert.match(await refusal('4', 'hello'), /expected certificates, requests, roots or a bundle/);
  const missing = await bench.run('issue', 'no/such.request');
  assert.match(missing.stderr, /no\/such\.request: no such file; expected a request or a name/);
  const request = bench.file('5', good);
  await bench.done('issue', request, '--out', bench.path('ok.cert'));
  await bench.done('revoke', 'barn', '--reason', 'lost');
  assert.match(
    await refusal('6', good),
    /is revoked \(lost\)\. Give the board a new identity first: gridvine rekey/,
  );
});

test('nothing is written over, and a name makes no way out of the directory', async (t) => {
  const bench = await madeBench(t);
  const out = bench.path('x');
  writeFileSync(out, 'mine');
  const { code, stderr } = await bench.run('issue', 'roof', '--out', out);
  assert.equal(code, 1);
  assert.match(stderr, /expected no such file; it is there/);
  assert.equal(readFileSync(out, 'utf8'), 'mine');
  assert.equal((await bench.show()).certificates.length, 0, 'nothing was issued');
  const second = await bench.run('init', '--cluster', 'valley');
  assert.match(second.stderr, /there is a CA already/);
  assert.equal((await bench.show()).cluster, 'hillside');
});

test('[P-11.15] voters are named among boards that may vote, and the next roster names those before', async (t) => {
  const bench = await madeBench(t);
  for (const name of ['roof', 'barn', 'gate'])
    await bench.done('issue', name, '--group', 'controller', '--out', bench.path(`${name}.bundle`));
  await bench.done('issue', 'shed', '--group', 'sensor', '--out', bench.path('shed.bundle'));
  const { certificates } = await bench.show();
  const idOf = (name: string) => certificates.find((one) => one.name === name)?.id ?? '';

  const none = await bench.run('roster');
  assert.match(none.stdout, /nobody votes on leases yet/);
  const refused = async (words: readonly string[], message: RegExp) => {
    const { code, stderr } = await bench.run('roster', ...words);
    assert.equal(code, 1);
    assert.match(stderr, message);
  };
  await refused(['roof', 'nobody'], /"nobody": no certificate of this name or id was issued/);
  await refused(['roof', idOf('roof')], /expected each voter once/);
  await refused(
    ['roof', 'shed'],
    /"shed": the policy gives a vote to controller, and its certificate names sensor/,
  );

  await bench.done('roster', 'roof', idOf('barn'));
  await bench.done('roster', 'roof', 'gate');
  const statements = bytesOf(objectsIn(`${bench.ca}/fleet.statements`), 'roster');
  const roots = anchorsOf(bytesOf(objectsIn(`${bench.ca}/root.cert`), 'root'));
  assert.equal(statements.length, 1, 'the newest counts');
  const judged = verifySignedRoster(roots, statements[0] ?? new Uint8Array(0));
  assert.ok('value' in judged, JSON.stringify(judged));
  assert.deepEqual(judged.value.roster, {
    version: 2,
    voters: [idOf('roof'), idOf('gate')].sort(),
    previous: [idOf('roof'), idOf('barn')].sort(),
  });
  const shown = await bench.run('roster');
  assert.match(shown.stdout, /roster version 2[\s\S]*gate[\s\S]*until it has settled[\s\S]*barn/);

  await refused(['roof', 'barn'], /version 2 may not have settled: wait until gridvine lease list/);
  assert.equal((await bench.run('roster', 'gate', 'roof', '--settled', '--instead')).code, 2);
  await bench.done('roster', 'gate', 'roof', '--settled');
  const settled = JSON.parse(await bench.done('roster', '--json')) as {
    version: number;
    previous: unknown[];
  };
  assert.deepEqual([settled.version, settled.previous], [3, []], 'the same voters again need no others');
  await bench.done('roster', 'barn', 'gate');
  const typo = JSON.parse(await bench.done('roster', 'barn', 'roof', '--instead', '--json')) as RosterShown;
  assert.deepEqual(
    [typo.version, typo.previous.map(({ name }) => name).sort()],
    [5, ['gate', 'roof']],
    'the one that nobody has seen is passed over',
  );
  await bench.done('rotate');
  const again = bytesOf(objectsIn(`${bench.ca}/fleet.statements`), 'roster');
  assert.equal(again.length, 1, 'the next root says it again');
  await bench.done('revoke', 'gate');
  await refused(['roof', 'gate'], /"gate": it has no certificate that counts/);
});
