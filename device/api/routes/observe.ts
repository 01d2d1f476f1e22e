import { json, type Route, route } from '../route.ts';

export const observeRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/healthz',
    operationId: 'healthz',
    summary: 'Whether the daemon runs; `degraded` where it reports a failure. Always 200 while it answers.',
    replySchema: 'Healthz',
    handle: (_request, service) => {
      const failed = service.health().some((item) => item.severity === 'failure');
      return json({ schema: 'gridvine.healthz/1', status: failed ? 'degraded' : 'ok' });
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    operationId: 'metrics',
    summary: 'Metrics in the text format of Prometheus.',
    replyType: 'text/plain',
    handle: async (_request, service) => {
      // Most boards are never scraped: the library is loaded at the first scrape.
      const { renderMetrics } = await import('../metrics.ts');
      return { kind: 'text', ...(await renderMetrics(service)) };
    },
  }),
];
