import type { HealthItem } from './contract.ts';

/**
 * What a request over HTTP that brought nothing tells people.
 * @param code the platform's, or one of the transport's.
 * @param where whom it went to.
 */
export function httpNotice(code: string, where: string): Omit<HealthItem, 'code' | 'sinceMs'> {
  return {
    severity: 'warning',
    title: 'a member is not reached by HTTP',
    text: `${where}: ${code}. ${meaningOf(code)}`,
  };
}

function meaningOf(code: string): string {
  if (code === 'ECONNREFUSED') return 'Nothing listens there: is its daemon running, and http.listen set?';
  if (code === 'ETIMEDOUT' || code === 'ENETUNREACH' || code === 'EHOSTUNREACH' || code === 'ECONNRESET')
    return 'The network between does not let it through, or the member is gone.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'The name is not known here: look at the DNS server.';
  if (code === 'HTTP_407') return 'The proxy wants a name and a password: put them into HTTPS_PROXY.';
  if (code === 'HTTP_PROXY') return 'HTTP_PROXY or HTTPS_PROXY is no address of a proxy: http://HOST:PORT.';
  if (code === 'HTTP_PROXY_DOWN')
    return 'The proxy itself is not reached: look at its address in HTTP_PROXY, HTTPS_PROXY or http.proxy.';
  if (code === 'ERR_PROXY_TUNNEL')
    return 'The proxy does not let this address and port through: ask who runs it, or put the address into NO_PROXY.';
  if (code === 'QUEUE_FULL')
    return 'More is to be said there than the connection takes; the oldest data is left out, and asked for later.';
  if (code === 'HTTP_429' || code === 'HTTP_503' || code === 'HTTP_BUSY')
    return 'Too many sessions or requests at once; it is tried again.';
  if (code.startsWith('HTTP_'))
    return 'Something else than a gridvine listener answered, a proxy or a web server: compare address and port with http.listen there, and see HTTP_PROXY, HTTPS_PROXY and NO_PROXY here.';
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code))
    return 'Its TLS certificate is not believed: name the CA that signed it as http.caFile.';
  return 'It is tried again.';
}
