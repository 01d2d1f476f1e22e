import { isNodeId } from '#runtime/core/ids.ts';
import { ApiError } from '../api-error.ts';
import { json, type Route, route } from '../route.ts';

export const forgetRoute: Route = route({
  method: 'POST',
  path: '/v1/members/:id/forget',
  operationId: 'forgetMember',
  summary:
    'Forgets a member that is down or has left, for all nodes: its records, and its place among the members. What it contributed ' +
    'to shared data counts on. If it returns, it comes back as itself.',
  params: [{ name: 'id', description: "The member's id." }],
  replySchema: 'Forgotten',
  handle: ({ params: { id = '' } }, { node }) => {
    if (!isNodeId(id))
      throw new ApiError(
        404,
        'E_NOT_FOUND',
        `id: expected the id of a member, 32 hex digits; got ${JSON.stringify(id)}. See /v1/members.`,
      );
    node.forget(id);
    return json({ schema: 'gridvine.forgotten/1', id });
  },
});
