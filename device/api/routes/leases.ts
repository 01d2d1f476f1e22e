import * as v from 'valibot';
import { problemOfLeaseName } from '#runtime/coordination/lease/lease-name.ts';
import { LEASE_TTL_MS_MAX, LEASE_TTL_MS_MIN } from '#runtime/core/limits.ts';
import { ApiError } from '../api-error.ts';
import type { LeaseSessions } from '../lease-sessions.ts';
import { json, type Route, route } from '../route.ts';
import { leaseJson, leasesDocument } from '../views.ts';

const MS = 'milliseconds, a whole number';
const ms = (min: number, max: number) => {
  const expected = `${MS} from ${min} to ${max}`;
  return v.pipe(
    v.number(expected),
    v.check((n) => Number.isInteger(n) && n >= min && n <= max, expected),
  );
};
const AcquireSchema = v.strictObject(
  {
    ttlMs: v.optional(ms(LEASE_TTL_MS_MIN, LEASE_TTL_MS_MAX)),
    waitMs: v.optional(ms(0, 86_400_000)),
    keepMs: v.optional(ms(1_000, 3_600_000)),
  },
  'an object, empty or with ttlMs, waitMs and keepMs',
);
const RenewSchema = v.strictObject({ token: v.string('text') }, 'an object with token');
const FENCE = 'a whole number from 0 to 2^52 - 1';
const RecoverSchema = v.strictObject(
  {
    fenceAbove: v.pipe(
      v.number(FENCE),
      v.check((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 52, FENCE),
    ),
  },
  'an object with fenceAbove',
);

const NAME = { name: 'name', description: 'Of the lease: a-z, 0-9, dot, dash, underscore; at most 64.' };

/** Leases with fencing; a listener that others can reach must not serve those that change something. */
export function leaseRoutes(sessions: LeaseSessions): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/leases',
      operationId: 'getLeases',
      summary: "Leases as the voters tell of them, who votes, and this node's own vote.",
      replySchema: 'Leases',
      handle: (_request, service) => json(leasesDocument(service)),
    }),
    route({
      method: 'GET',
      path: '/v1/leases/:name',
      operationId: 'getLease',
      summary: 'One lease; `own` is what this node itself has of it, by its own clock.',
      params: [NAME],
      replySchema: 'Lease',
      handle: ({ params }, { node }) => {
        const name = nameIn(params);
        const own = node.ownLease(name) ?? null;
        const known = node.leases().leases.find((lease) => lease.name === name);
        const nothing = { state: 'free', holder: null, node: null, fence: null, ttlMs: null } as const;
        const lease = known ?? { name, ...nothing, votes: 0, own };
        return json({ schema: 'gridvine.lease/1', lease: leaseJson({ ...lease, own }) });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/leases/:name',
      operationId: 'acquireLease',
      summary:
        'Gets a lease, for which it waits at most 8 s, and renews it among the voters until it is released or lost. With `keepMs` it is let go when the client has not renewed for so long. Count `leftMs` from before the request was sent.',
      params: [NAME],
      bodySchema: 'AcquireLease',
      replySchema: 'HeldLease',
      parseBody: AcquireSchema,
      handle: async ({ params, body }) => {
        const { ttlMs, waitMs, keepMs } = body;
        const options = {
          ...(ttlMs === undefined ? {} : { ttlMs }),
          ...(waitMs === undefined ? {} : { waitMs }),
          ...(keepMs === undefined ? {} : { keepMs }),
        };
        const held = await sessions.acquire(nameIn(params), options);
        return json({ schema: 'gridvine.held-lease/1', ...held });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/leases/:name/renew',
      operationId: 'renewLease',
      summary: 'Says that the client lives, and tells how long the lease may be acted on.',
      params: [NAME],
      bodySchema: 'RenewLease',
      replySchema: 'HeldLease',
      parseBody: RenewSchema,
      handle: ({ params, body }) =>
        json({ schema: 'gridvine.held-lease/1', ...sessions.renew(nameIn(params), body.token) }),
    }),
    route({
      method: 'DELETE',
      path: '/v1/leases/:name',
      operationId: 'releaseLease',
      summary: 'Lets a lease go that this node holds or asks for; whoever acts on it must have stopped.',
      params: [NAME],
      replySchema: 'ReleasedLease',
      handle: ({ params }) => {
        const name = nameIn(params);
        sessions.release(name);
        return json({ schema: 'gridvine.released-lease/1', name });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/lease-recovery',
      operationId: 'recoverLeases',
      summary:
        'For a voter that lost its storage, where a majority did: the operator answers for it that no fence above this one was ever used.',
      bodySchema: 'RecoverLeases',
      replySchema: 'RecoveredLeases',
      parseBody: RecoverSchema,
      handle: ({ body: { fenceAbove } }, { node }) => {
        node.recoverLeases(fenceAbove);
        return json({ schema: 'gridvine.recovered-leases/1', fenceAbove });
      },
    }),
  ];
}

function nameIn({ name }: Readonly<Record<string, string>>): string {
  const problem = problemOfLeaseName(name);
  if (problem !== undefined) throw new ApiError(400, 'E_REQUEST', problem);
  return name;
}
