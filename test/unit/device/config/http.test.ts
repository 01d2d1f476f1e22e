import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { httpOptionsOf } from '#device/config/http-files.ts';
import { selfSignedCertificate } from '../../../support/mqtt/certificate.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { load, problems } from './loading.ts';

const PROXIES = { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'localhost', HTTP_PROXY: '', PATH: '/bin' };

async function optionsOf(t: TestContext, yaml: string, env = {}) {
  const { config } = await load(t, { yaml });
  return httpOptionsOf(config.values, env);
}

test('without a word on it a board calls by HTTP, through the proxies of the environment, and does not listen', async (t) => {
  const options = await optionsOf(t, '', PROXIES);
  assert.deepEqual(options, {
    listen: [],
    advertise: [],
    call: 'members',
    seeds: [],
    proxies: { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'localhost' },
  });
});

test('listeners to join by are told from addresses of UDP', async (t) => {
  const yaml =
    'join: [10.0.0.7, "http://10.0.0.8", "https://gate.example:8443/site"]\nhttp: {listen: [0.0.0.0]}\n';
  const { seeds, listen } = await optionsOf(t, yaml);
  assert.deepEqual(seeds, ['http://10.0.0.8', 'https://gate.example:8443/site']);
  assert.deepEqual(listen, [{ address: '0.0.0.0', port: 18_262 }]);
});

test('a proxy of the configuration wins over those of the environment, and off over all', async (t) => {
  const { proxies } = await optionsOf(t, 'http: {proxy: "http://10.0.0.9:3128"}\n', PROXIES);
  assert.deepEqual(proxies, {
    http_proxy: 'http://10.0.0.9:3128',
    https_proxy: 'http://10.0.0.9:3128',
    no_proxy: 'localhost',
  });
  assert.deepEqual((await optionsOf(t, 'http: {proxy: off}\n', PROXIES)).proxies, {});
});

test('a proxy of the environment that is none is refused, and its password is told to nobody', async (t) => {
  const wrong = [
    'http://user:sec/ret@proxy:3128',
    'http://user:sec#ret@proxy:3128',
    'http://user:sec?ret@proxy:3128',
    'http://user:sec%ret@proxy:3128',
    'http://user:sec ret@pro xy:3128',
    'socks5://user:sec-ret@proxy:1080',
  ];
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'])
    for (const value of wrong)
      await assert.rejects(optionsOf(t, 'join: ["http://10.0.0.8"]\n', { [name]: value }), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`^${name} \\(environment\\): expected \\[http://\\].*http\\.proxy to off`),
        );
        assert.doesNotMatch(`${error.stack}`, /sec/);
        return true;
      });
  const right = { HTTPS_PROXY: 'http://user:sec%2Fret@proxy:3128/' };
  assert.deepEqual((await optionsOf(t, '', right)).proxies, right);
  const { proxies } = await optionsOf(t, 'http: {proxy: off}\n', { HTTPS_PROXY: 'proxy:3128' });
  assert.deepEqual(proxies, {});
});

test('a proxy of the environment that is of another kind stops nobody who calls nobody by HTTP, and none is used', async (t) => {
  const env = {
    HTTP_PROXY: 'socks5://user:sec-ret@proxy:1080',
    https_proxy: 'http://proxy/x',
    NO_PROXY: 'a',
  };
  for (const yaml of ['', 'join: [10.0.0.7]\n'])
    assert.deepEqual((await optionsOf(t, yaml, env)).proxies, { NO_PROXY: 'a' });
  const asCurlTakesIt = { HTTP_PROXY: 'proxy:3128' };
  const joining = 'join: ["http://10.0.0.8"]\n';
  assert.deepEqual((await optionsOf(t, joining, asCurlTakesIt)).proxies, asCurlTakesIt);
});

test('what makes no sense is refused with what was expected', async (t) => {
  const cases: [string, RegExp][] = [
    ['join: ["ftp://10.0.0.7"]', /join\[0\]: expected ADDR\[:PORT\].*http:\/\/HOST/],
    ['join: ["10.0.0.7:0"]', /join\[0\]: expected .*a port other than 0/],
    ['http: {listen: ["gate.example"]}', /http\.listen\[0\]: expected ADDR\[:PORT\] with a literal address/],
    ['http: {proxy: "http://me:secret@proxy:1"}', /http\.proxy: expected .*belong into the environment/],
    ['http: {tls: {certFile: a}}', /http\.tls\.keyFile/],
    ['http: {call: yes}', /http\.call: expected off, seeds .*members/],
    ['http: {port: 1}', /http\.port/],
    ['udp: maybe', /udp: expected on or off/],
  ];
  for (const [yaml, message] of cases)
    assert.match((await problems(t, { yaml: `${yaml}\n` })).join('\n'), message);
});

test('files of TLS are read, and refused where others may read the key or there is no PEM', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = (name: string) => join(directory, name);
  const { cert, key } = selfSignedCertificate('localhost');
  writeFileSync(path('cert.pem'), cert);
  writeFileSync(path('key.pem'), key, { mode: 0o600 });
  writeFileSync(path('page.html'), '<html>');
  const tls = (certFile: string, keyFile: string) =>
    optionsOf(t, `http: {tls: {certFile: "${path(certFile)}", keyFile: "${path(keyFile)}"}}\n`);
  assert.deepEqual((await tls('cert.pem', 'key.pem')).tls, { certificate: cert, key });
  await assert.rejects(tls('page.html', 'key.pem'), {
    code: 'E_CONFIG',
    message: /http\.tls\.certFile .*expected PEM/,
  });
  await assert.rejects(tls('cert.pem', 'none.pem'), { message: /http\.tls\.keyFile .*got ENOENT/ });
  await assert.rejects(tls('.', 'key.pem'), { message: /expected a file of at most/ });
  chmodSync(path('key.pem'), 0o644);
  await assert.rejects(tls('cert.pem', 'key.pem'), {
    message: /expected mode 0600 .*got 0644; run: chmod 600/,
  });
  await assert.rejects(optionsOf(t, `http: {caFile: "${path('none.pem')}"}\n`), { message: /http\.caFile/ });
});

test('who calls nobody can not join by a listener', async (t) => {
  assert.equal((await optionsOf(t, 'http: {call: seeds}\njoin: ["http://10.0.0.8"]\n')).call, 'seeds');
  assert.equal((await optionsOf(t, 'http: {call: off}\njoin: [10.0.0.8]\n')).call, 'off');
  await assert.rejects(
    optionsOf(t, 'http: {call: off}\njoin: ["http://10.0.0.8"]\n'),
    /http\.call: expected seeds or members, because join names http:\/\/10\.0\.0\.8; got off/,
  );
});
