import * as v from 'valibot';
import type { KeyOperation } from '#runtime/core/key-views.ts';
import { isFingerprint } from '#runtime/crypto/fingerprint.ts';
import { parsePsk } from '#runtime/crypto/keyring.ts';
import { ApiError } from '../api-error.ts';
import { json, type Route, route } from '../route.ts';
import type { ApiService } from '../service.ts';
import { keysDocument } from '../views.ts';

const InstallSchema = v.strictObject({ key: v.string('text') }, 'an object with key');
const ForceSchema = v.strictObject(
  { force: v.optional(v.boolean('true or false')) },
  'an object, empty or with force',
);

const FINGERPRINT = {
  name: 'fingerprint',
  description: 'Of a key, whole: 16 hex digits; see /v1/keys.',
};
const FORCE =
  'With `force` also where a live member has not followed yet: it may be cut off until it is given the key by hand.';

/**
 * The cluster's keys. Only for the operator on this machine: a listener that others can reach must not serve these routes, because
 * whoever can install a key can read the cluster.
 */
export const keyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/keys',
    operationId: 'getKeys',
    summary: 'The keys of the cluster by fingerprint, and which members have them. Never a key itself.',
    replySchema: 'Keys',
    handle: (_request, service) => json(keysDocument(service)),
  }),
  route({
    method: 'POST',
    path: '/v1/keys',
    operationId: 'installKey',
    summary: 'Gives all members a further key to read with. Answers at once; /v1/keys shows who has it.',
    bodySchema: 'InstallKey',
    replySchema: 'KeyOperation',
    parseBody: InstallSchema,
    handle: ({ body: { key } }, service) => {
      const psk = parsePsk(key);
      if (psk === undefined)
        throw new ApiError(400, 'E_REQUEST', 'body.key: expected 32 bytes as base64; got something else');
      return operate(service, { type: 'install', psk });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/:fingerprint/use',
    operationId: 'useKey',
    summary: `Makes all members write with a key that all have. ${FORCE}`,
    params: [FINGERPRINT],
    bodySchema: 'ForceKey',
    replySchema: 'KeyOperation',
    parseBody: ForceSchema,
    handle: ({ params, body }, service) => operate(service, { type: 'use', ...about(params, body) }),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/:fingerprint/remove',
    operationId: 'removeKey',
    summary: `Makes all members forget a key that nobody writes with. ${FORCE}`,
    params: [FINGERPRINT],
    bodySchema: 'ForceKey',
    replySchema: 'KeyOperation',
    parseBody: ForceSchema,
    handle: ({ params, body }, service) => operate(service, { type: 'remove', ...about(params, body) }),
  }),
];

function about(
  { fingerprint }: Readonly<Record<string, string>>,
  { force = false }: { readonly force?: boolean | undefined },
) {
  if (!isFingerprint(fingerprint))
    throw new ApiError(
      400,
      'E_REQUEST',
      `path: expected a fingerprint of 16 hex digits; got ${JSON.stringify(fingerprint)}; see /v1/keys`,
    );
  return { fingerprint, force };
}

function operate({ node }: ApiService, operation: KeyOperation) {
  const fingerprint = node.operateKeys(operation);
  return json({ schema: 'gridvine.key-operation/1', operation: operation.type, fingerprint });
}
