import type { LeaseSessions } from './lease-sessions.ts';
import { json, type Route, route } from './route.ts';
import { aggregateRoute } from './routes/aggregate.ts';
import { crdtRoutes } from './routes/crdts.ts';
import { eventRoutes } from './routes/events.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { forgetRoute } from './routes/forget.ts';
import { keyRoutes } from './routes/keys.ts';
import { leaseRoutes } from './routes/leases.ts';
import { nodeRoutes } from './routes/node.ts';
import { observeRoutes } from './routes/observe.ts';
import { recordRoutes } from './routes/records.ts';
import { type StreamHub, streamRoute } from './routes/stream.ts';
import { trustRoutes } from './routes/trust.ts';
import { whyRoute } from './routes/why.ts';

/** Every route of the API. */
export function routeTable(hub: StreamHub, sessions: LeaseSessions): readonly Route[] {
  const routes = [
    ...observeRoutes,
    ...nodeRoutes,
    whyRoute,
    forgetRoute,
    ...recordRoutes,
    ...trustRoutes,
    ...crdtRoutes,
    aggregateRoute,
    ...keyRoutes,
    ...leaseRoutes(sessions),
    ...fleetRoutes,
    ...eventRoutes,
    streamRoute(hub),
  ];
  return [...routes, openApiRoute(routes)];
}

function openApiRoute(others: readonly Route[]): Route {
  const self: Route = route({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'openApi',
    summary: 'This description.',
    replySchema: 'OpenApi',
    handle: async (_request, service) => {
      const { openApiDocument } = await import('./openapi.ts');
      return json(openApiDocument([...others, self], service.version));
    },
  });
  return self;
}
