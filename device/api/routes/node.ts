import { json, type Route, route } from '../route.ts';
import { membersDocument, statusDocument } from '../views.ts';

export const nodeRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/status',
    operationId: 'getStatus',
    summary:
      'This node: its identity, members by state, traffic, dropped datagrams by reason, and lasting conditions.',
    replySchema: 'Status',
    handle: (_request, service) => json(statusDocument(service)),
  }),
  route({
    method: 'GET',
    path: '/v1/members',
    operationId: 'getMembers',
    summary: 'All members, as this node sees them.',
    replySchema: 'Members',
    handle: (_request, service) => json(membersDocument(service)),
  }),
  route({
    method: 'GET',
    path: '/v1/profile',
    operationId: 'getProfile',
    summary: "The board's profile, and which interfaces it chose and why.",
    replySchema: 'Profile',
    handle: (_request, service) => json({ schema: 'gridvine.active-profile/1', profile: service.profile() }),
  }),
  route({
    method: 'GET',
    path: '/v1/sources',
    operationId: 'getSources',
    summary: "The sources of this node's readings.",
    replySchema: 'Sources',
    handle: (_request, service) => json({ schema: 'gridvine.sources/1', sources: service.sources() }),
  }),
  route({
    method: 'POST',
    path: '/v1/leave',
    operationId: 'leave',
    summary: 'Says goodbye to the cluster and ends the daemon; answers once the goodbye is said.',
    replySchema: 'Left',
    handle: async (_request, service) => {
      await service.leave();
      return json({ schema: 'gridvine.left/1', id: service.node.id });
    },
  }),
];
