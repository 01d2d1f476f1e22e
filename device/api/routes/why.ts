import { ApiError } from '../api-error.ts';
import { json, type Route, route } from '../route.ts';
import { whyDocument } from '../views.ts';

export const whyRoute: Route = route({
  method: 'GET',
  path: '/v1/members/:id/why',
  operationId: 'getWhy',
  summary:
    'The evidence behind what this node says of a member: who accuses it and what they saw, when a verdict falls or fell, ' +
    'and what came of the suspicions before. Times of events are milliseconds ago.',
  params: [{ name: 'id', description: "The member's id; of this node itself: who accused it." }],
  replySchema: 'Why',
  handle: ({ params: { id = '' } }, { node }) => {
    const why = node.why(id);
    if (why === undefined) {
      throw new ApiError(
        404,
        'E_NOT_FOUND',
        `id: expected the id of a member that this node knows, 32 hex digits; got ${JSON.stringify(id)}. See /v1/members.`,
      );
    }
    return json(whyDocument(why, node.id));
  },
});
