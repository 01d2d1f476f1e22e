import { Counter, Gauge, Registry } from 'prom-client';
import type { TrustView } from '#runtime/core/trust-view.ts';
import type { LinkTraffic } from '#runtime/driver/contract.ts';
import type { ApiService } from './service.ts';
import { countByState } from './views.ts';

/** A metric without its values; a test holds this list and the folder's README equal. */
export interface MetricDoc {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly read: (service: ApiService) => readonly Sample[];
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

const one = (value: number): readonly Sample[] => [{ value }];
const perLink = (read: (link: LinkTraffic) => number) => (service: ApiService) =>
  service.node.traffic().map((link) => ({ labels: { interface: link.name }, value: read(link) }));

function metric(
  kind: MetricDoc['kind'],
  name: string,
  help: string,
  read: MetricDoc['read'],
  labels: readonly string[] = [],
): MetricDoc {
  return { kind, name: `gridvine_${name}`, help, read, labels };
}

/** Nothing in a cluster of a pre-shared key. */
function ofTrust({ node }: ApiService, read: (view: TrustView) => number): readonly Sample[] {
  const view = node.trust();
  return view === undefined ? [] : one(read(view));
}

function secondsTo(expires: number, floorSeconds: number): number {
  return Math.max(0, expires - Math.max(floorSeconds, Math.floor(Date.now() / 1_000)));
}

export const METRICS: readonly MetricDoc[] = [
  metric(
    'gauge',
    'info',
    'Always 1; the node in its labels.',
    ({ node, version }) => [
      { labels: { id: node.id, name: node.name, cluster: node.cluster, version }, value: 1 },
    ],
    ['id', 'name', 'cluster', 'version'],
  ),
  metric('gauge', 'uptime_seconds', 'Since the node started.', ({ node }) => one(node.uptimeMs / 1000)),
  metric(
    'gauge',
    'members',
    'Members by state, this node among them.',
    ({ node }) =>
      Object.entries(countByState(node.members())).map(([state, value]) => ({ labels: { state }, value })),
    ['state'],
  ),
  metric('gauge', 'members_twin', 'Members whose identity lives twice at once.', ({ node }) =>
    one(node.members().filter(({ twin }) => twin).length),
  ),
  metric('gauge', 'records', 'Live records of all nodes.', ({ node }) => one(node.recordCount)),
  metric(
    'gauge',
    'held',
    'What the engine holds: entries of its tables and queues, by kind.',
    ({ node }) => Object.entries(node.gauges()).map(([kind, value]) => ({ labels: { kind }, value })),
    ['kind'],
  ),
  metric('gauge', 'local_health', 'Local health score; 0 is well.', ({ node }) => one(node.localHealth)),
  metric(
    'gauge',
    'health_items',
    'Lasting conditions, by code and severity.',
    (service) => service.health().map(({ code, severity }) => ({ labels: { code, severity }, value: 1 })),
    ['code', 'severity'],
  ),
  metric(
    'counter',
    'drops_total',
    'Datagrams and parts of them dropped, by reason.',
    ({ node }) =>
      Object.entries(node.counters.drops).map(([reason, value]) => ({ labels: { reason }, value })),
    ['reason'],
  ),
  metric(
    'counter',
    'interface_received_bytes_total',
    'UDP payload received.',
    perLink((l) => l.rxBytes),
    ['interface'],
  ),
  metric(
    'counter',
    'interface_sent_bytes_total',
    'UDP payload sent.',
    perLink((l) => l.txBytes),
    ['interface'],
  ),
  metric(
    'counter',
    'interface_received_datagrams_total',
    'Datagrams received.',
    perLink((l) => l.rxDatagrams),
    ['interface'],
  ),
  metric(
    'counter',
    'interface_sent_datagrams_total',
    'Datagrams sent.',
    perLink((l) => l.txDatagrams),
    ['interface'],
  ),
  metric(
    'counter',
    'interface_dropped_datagrams_total',
    'Datagrams that the kernel dropped because the receive queue was full.',
    perLink((l) => l.rxDropped),
    ['interface'],
  ),
  metric(
    'counter',
    'interface_refused_datagrams_total',
    "Datagrams not sent because they exceed the interface's byte budget.",
    ({ node }) =>
      node.traffic().flatMap(({ name, txDropped }) =>
        Object.entries(txDropped).map(([trafficClass, value]) => ({
          labels: { interface: name, class: trafficClass },
          value,
        })),
      ),
    ['interface', 'class'],
  ),
  metric(
    'gauge',
    'interface_budget_bytes_per_second',
    'What an interface with a byte budget may send, headers included.',
    ({ node }) =>
      node
        .traffic()
        .flatMap(({ name, bytesPerSecondMax: value }) =>
          value === null ? [] : [{ labels: { interface: name }, value }],
        ),
    ['interface'],
  ),
  metric(
    'gauge',
    'trust_epoch',
    'Number of the epoch that the node writes under; 0: nobody let it in yet.',
    (service) => ofTrust(service, ({ epoch }) => epoch ?? 0),
  ),
  metric('gauge', 'trust_certificates', 'Members whose certificates stand and are known.', (service) =>
    ofTrust(service, ({ certificates }) => certificates),
  ),
  metric('gauge', 'trust_revocations', 'Revocations known.', (service) =>
    ofTrust(service, ({ revocations }) => revocations),
  ),
  metric('gauge', 'trust_policy_number', "Number of the root's policy; 0: the default one.", (service) =>
    ofTrust(service, ({ policy }) => policy),
  ),
  metric(
    'gauge',
    'certificate_expiry_seconds',
    "Until the own certificate ends, by the later of this machine's clock and the time floor; 0 where it doesn't stand.",
    (service) =>
      ofTrust(service, ({ own, floorSeconds }) => (own.standing ? secondsTo(own.expires, floorSeconds) : 0)),
  ),
  metric(
    'counter',
    'admission_total',
    'Handshakes of admission: calls, answers, verdicts, epochs given and taken, and datagrams dropped, by what.',
    ({ node }) =>
      Object.entries(node.trust()?.admission ?? {}).map(([what, value]) => ({ labels: { what }, value })),
    ['what'],
  ),
  metric('counter', 'probes_total', 'Probes of members.', ({ node }) => one(node.counters.probes)),
  metric('counter', 'probes_failed_total', 'Probes that stayed unanswered.', ({ node }) =>
    one(node.counters.probesFailed),
  ),
  metric('counter', 'suspicions_total', 'Members that became suspect.', ({ node }) =>
    one(node.counters.suspicions),
  ),
  metric('counter', 'refutations_total', 'Suspicions of this node that it refuted.', ({ node }) =>
    one(node.counters.refutations),
  ),
  metric('counter', 'downs_total', 'Members that were declared down.', ({ node }) =>
    one(node.counters.downs),
  ),
  metric('counter', 'twins_total', 'Identities that were seen to live twice.', ({ node }) =>
    one(node.counters.twins),
  ),
  metric('counter', 'records_applied_total', 'Records merged from peers.', ({ node }) =>
    one(node.counters.recordsApplied),
  ),
  metric(
    'gauge',
    'lease_held',
    'Leases that this node holds or asks for: 1 held, 0 asked for.',
    ({ node }) =>
      node
        .leases()
        .leases.flatMap(({ name, own }) =>
          own === null ? [] : [{ labels: { lease: name }, value: own.state === 'held' ? 1 : 0 }],
        ),
    ['lease'],
  ),
  metric(
    'gauge',
    'lease_fence',
    'Fence of each lease that a majority of the voters promises, as this node has heard.',
    ({ node }) =>
      node
        .leases()
        .leases.flatMap(({ name, fence, state }) =>
          fence === null || state !== 'held' ? [] : [{ labels: { lease: name }, value: fence }],
        ),
    ['lease'],
  ),
  metric('gauge', 'lease_votes', 'Whether this node votes on leases: 1 yes, 0 no.', ({ node }) =>
    one(node.leases().voter.standing === 'votes' ? 1 : 0),
  ),
  metric('counter', 'events_sent_total', 'User events and queries that this node sent.', ({ node }) =>
    one(node.counters.eventsSent),
  ),
  metric('counter', 'events_delivered_total', 'User events delivered here.', ({ node }) =>
    one(node.counters.eventsDelivered),
  ),
  metric('counter', 'events_missed_total', 'User events missed here, at least.', ({ node }) =>
    one(node.counters.eventsMissed),
  ),
  metric('counter', 'queries_answered_total', 'Queries answered here.', ({ node }) =>
    one(node.counters.queriesAnswered),
  ),
  metric(
    'counter',
    'handler_runs_total',
    'Scripts at events and queries: run, failed, timedOut, dropped because too many waited.',
    (service) =>
      Object.entries(service.handlers?.() ?? {}).map(([result, value]) => ({ labels: { result }, value })),
    ['result'],
  ),
  metric('counter', 'digests_sent_total', 'Digests sent.', ({ node }) => one(node.counters.digestsSent)),
  metric(
    'counter',
    'shared_data_total',
    'Shared data: slots that were malformed, names beyond the limit, contributions adopted, own upkeep refused.',
    ({ node }) => Object.entries(node.crdt.counters).map(([event, value]) => ({ labels: { event }, value })),
    ['event'],
  ),
  metric('gauge', 'process_resident_memory_bytes', 'Resident memory of the daemon.', () =>
    one(process.memoryUsage.rss()),
  ),
  metric('counter', 'process_cpu_seconds_total', 'CPU time of the daemon.', () => {
    const { user, system } = process.cpuUsage();
    return one((user + system) / 1e6);
  }),
];

/** The text of `GET /metrics`. */
export async function renderMetrics(service: ApiService): Promise<{ contentType: string; body: string }> {
  const registry = new Registry();
  for (const { kind, name, help, labels, read } of METRICS) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    const sum = sumByLabels(read(service));
    if (kind === 'counter') {
      const counter = new Counter(options);
      for (const sample of sum) counter.inc(sample.labels ?? {}, sample.value);
    } else {
      const gauge = new Gauge(options);
      // The library begins with a 0 that nobody measured.
      gauge.remove({});
      for (const sample of sum) gauge.set(sample.labels ?? {}, sample.value);
    }
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}

/** Two conditions of one code and severity make one line with 2. */
function sumByLabels(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, Sample>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels);
    sums.set(key, { ...sample, value: sample.value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}
