import * as v from 'valibot';
import { dearmor } from '#runtime/pki/armor.ts';
import { ApiError } from '../api-error.ts';
import { json, type Route, route } from '../route.ts';
import { trustDocument } from '../trust-views.ts';

const ProclaimSchema = v.strictObject({ signed: v.string('text') }, 'an object with signed');

/** What a root says to a running cluster: whoever can reach these routes says nothing that the root did not sign. */
export const trustRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/trust',
    operationId: 'getTrust',
    summary:
      'What this node lives by in a cluster of certificates: its epoch, who is certified and who is revoked. Never a secret.',
    replySchema: 'Trust',
    handle: (_request, service) => json(trustDocument(service)),
  }),
  route({
    method: 'POST',
    path: '/v1/trust/proclaim',
    operationId: 'proclaim',
    summary:
      'Tells all members what a root signed: a revocation, a policy, or the endorsement of the next root. It counts here at once.',
    bodySchema: 'Proclaim',
    replySchema: 'Proclaimed',
    parseBody: ProclaimSchema,
    handle: ({ body: { signed } }, { node }) => {
      const { kind, isNew } = node.proclaim(objectOf(signed));
      return json({ schema: 'gridvine.proclaimed/1', kind, isNew });
    },
  }),
];

function objectOf(text: string): Uint8Array {
  const read = dearmor(text);
  if ('problem' in read) throw new ApiError(400, 'E_REQUEST', `body.signed: ${read.problem}`);
  const [object, ...others] = read.objects;
  if (object === undefined || others.length > 0)
    throw new ApiError(
      400,
      'E_REQUEST',
      `body.signed: expected one signed object as text, between its BEGIN and END lines; got ${read.objects.length}`,
    );
  return object.bytes;
}
