import { constants, readFileSync, statSync } from 'node:fs';
import { GridvineError } from '#runtime/core/errors.ts';
import type { NodeHttpOptions } from '#runtime/driver/node-options.ts';
import { badProxies, PROXY_ADDRESS } from '#runtime/transport/http/proxies.ts';
import type { GridvineConfig } from './schema.ts';

const FILE_BYTES_MAX = 1_000_000;
const OTHERS_OR_GROUP_WRITE = 0o037;
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/**
 * What a node is told of HTTP, with the files that the configuration names.
 * @param env where proxies are named. @throws GridvineError `E_CONFIG`, naming the key, the file and the next step.
 */
export function httpOptionsOf(
  { http, join }: Pick<GridvineConfig, 'http' | 'join'>,
  env: Readonly<Record<string, string | undefined>>,
): NodeHttpOptions {
  const { listen, advertise, tls, caFile, proxy, call } = http;
  const seeds = join.filter((seed) => typeof seed === 'string');
  if (call === 'off' && seeds.length > 0)
    throw new GridvineError(
      'E_CONFIG',
      `http.call: expected seeds or members, because join names ${seeds[0]}; got off; change it, or take that out of join`,
    );
  return {
    listen,
    advertise: advertise.map((authority) => ({ transport: 'http', ...authority })),
    seeds,
    call,
    proxies: proxiesOf(proxy, env, { isUsed: seeds.length > 0 }),
    ...(tls !== undefined && {
      tls: {
        certificate: readPem('http.tls.certFile', tls.certFile, 'public'),
        key: readPem('http.tls.keyFile', tls.keyFile, 'secret'),
      },
    }),
    ...(caFile !== undefined && { ca: readPem('http.caFile', caFile, 'public') }),
  };
}

function proxiesOf(
  proxy: string,
  env: Readonly<Record<string, string | undefined>>,
  { isUsed }: { readonly isUsed: boolean },
): NonNullable<NodeHttpOptions['proxies']> {
  if (proxy === 'off') return {};
  const said = Object.fromEntries(
    PROXY_VARIABLES.flatMap((name) =>
      env[name] === undefined || env[name] === '' ? [] : [[name, env[name]]],
    ),
  );
  if (proxy === 'environment') {
    // Not its value: passwords stand in it.
    const [bad, ...others] = badProxies(said);
    // Of no concern to a board that nobody told to call anybody.
    if (bad !== undefined && !isUsed) for (const name of [bad, ...others]) delete said[name];
    else if (bad !== undefined)
      throw new GridvineError(
        'E_CONFIG',
        `${bad} (environment): expected ${PROXY_ADDRESS}; got something else; correct it, or set http.proxy to off`,
      );
    return said;
  }
  const { NO_PROXY, no_proxy } = said;
  return {
    http_proxy: proxy,
    https_proxy: proxy,
    ...(NO_PROXY && { NO_PROXY }),
    ...(no_proxy && { no_proxy }),
  };
}

function readPem(key: string, path: string, secrecy: 'secret' | 'public'): string {
  const text = readText(key, path, secrecy);
  if (!text.includes('-----BEGIN '))
    throw new GridvineError('E_CONFIG', `${key} ${path}: expected PEM (-----BEGIN ...); got something else`);
  return text;
}

function readText(key: string, path: string, secrecy: 'secret' | 'public'): string {
  try {
    const { mode, size } = statSync(path);
    // Anything but a regular file may never end (a device) or hold the start back (a pipe).
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > FILE_BYTES_MAX)
      throw new GridvineError(
        'E_CONFIG',
        `${key} ${path}: expected a file of at most ${FILE_BYTES_MAX} bytes`,
      );
    if (secrecy === 'secret' && (mode & OTHERS_OR_GROUP_WRITE) !== 0)
      throw new GridvineError(
        'E_CONFIG',
        `${key} ${path}: expected mode 0600 (or 0640 with a group of its own); got ${(mode & 0o777).toString(8).padStart(4, '0')}; run: chmod 600 ${path}`,
      );
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof GridvineError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new GridvineError(
      'E_CONFIG',
      `${key} ${path}: expected a readable file; got ${code}; check the path and its owner`,
      {
        cause: error,
      },
    );
  }
}
