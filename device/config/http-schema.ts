import * as v from 'valibot';
import { parseAuthority } from '#runtime/core/endpoint.ts';
import { badProxies } from '#runtime/transport/http/proxies.ts';
import { parseTarget } from '#runtime/transport/http/targets.ts';

const LIST_MAX = 8;
const FILE = 'the path of a file';
const ADDRESS = 'ADDR[:PORT] with a literal address, such as 0.0.0.0, 10.0.0.7:8080 or [fd00::1]:8080';

const file = v.pipe(
  v.string(FILE),
  v.check((text) => /^[^\0]+$/.test(text), FILE),
);

const authorities = v.pipe(
  v.array(
    v.pipe(
      v.string(ADDRESS),
      v.check((text) => parseAuthority(text) !== undefined, ADDRESS),
      v.transform((text) => parseAuthority(text) as { address: string; port: number }),
    ),
    'a list of ADDR[:PORT]',
  ),
  v.maxLength(LIST_MAX, `at most ${LIST_MAX} entries`),
);

const PROXY =
  'environment (HTTP_PROXY, HTTPS_PROXY and NO_PROXY), off, or http://HOST:PORT; a name and password belong into the environment';
const proxy = v.pipe(
  v.string(PROXY),
  v.check((text) => text === 'environment' || text === 'off' || isProxy(text), PROXY),
);

const CALL = 'off, seeds (those that join names), or members (also those that members say they listen at)';

/** The `http` section: the same datagrams over HTTP, where UDP doesn't get through. */
export const httpSchema = v.strictObject(
  {
    listen: authorities,
    advertise: authorities,
    tls: v.optional(v.strictObject({ certFile: file, keyFile: file }, 'a section with certFile and keyFile')),
    caFile: v.optional(file),
    proxy,
    call: v.picklist(['off', 'seeds', 'members'], CALL),
  },
  'a section with listen, advertise, tls, caFile, proxy and call',
);

const PEER = 'ADDR[:PORT] with a literal address, or http://HOST[:PORT] or https://HOST[:PORT]';

/** Whom to join by: an address for UDP, or where somebody listens for HTTP. */
export const seedSchema = v.pipe(
  v.string(PEER),
  v.check(
    (text) => parseTarget(text) !== undefined || (parseAuthority(text)?.port ?? 0) !== 0,
    `${PEER}, and a port other than 0`,
  ),
  v.transform((text) =>
    parseTarget(text) === undefined ? (parseAuthority(text) as { address: string; port: number }) : text,
  ),
);

function isProxy(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    badProxies({ http_proxy: text }).length === 0
  );
}
