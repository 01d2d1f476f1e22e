import type { ApiService } from './service.ts';

/** The document of `GET /v1/trust`. */
export function trustDocument({ node }: ApiService) {
  const view = node.trust();
  const { members, revoked } = node.certified() ?? { members: [], revoked: [] };
  const states = new Map(node.members().map(({ id, state }) => [id, state]));
  return {
    schema: 'gridvine.trust/1',
    self: node.id,
    mode: view === undefined ? 'psk' : 'certificates',
    epoch: view?.epoch ?? null,
    next: view?.next ?? null,
    policy: view?.policy ?? null,
    roster: view?.roster ?? null,
    floorMs: view === undefined ? null : view.floorSeconds * 1_000,
    own: view === undefined ? null : ownJson(view.own),
    members: members.map(({ issuedAt, expires, isByRegistrar, ...one }) => ({
      ...one,
      issuedMs: issuedAt * 1_000,
      expiresMs: expires * 1_000,
      byRegistrar: isByRegistrar,
      state: states.get(one.id) ?? null,
    })),
    revoked: revoked.map(({ revokedAt, ...one }) => ({ ...one, revokedAtMs: revokedAt * 1_000 })),
    admission: view?.admission ?? {},
  };
}

/** What `GET /v1/status` says of how the cluster is secured. */
export function securityJson({ node }: ApiService) {
  const view = node.trust();
  return {
    mode: view === undefined ? 'psk' : 'certificates',
    crypto: node.cryptoProvider,
    epoch: view?.epoch ?? null,
    certificate: view === undefined ? null : ownJson(view.own),
  };
}

type OwnView = NonNullable<ReturnType<ApiService['node']['trust']>>['own'];

function ownJson(own: OwnView) {
  return own.standing
    ? {
        standing: true,
        name: own.name,
        groups: own.groups,
        expiresMs: own.expires * 1_000,
        reason: null,
        text: null,
      }
    : { standing: false, name: null, groups: [], expiresMs: null, reason: own.reason, text: own.text };
}
