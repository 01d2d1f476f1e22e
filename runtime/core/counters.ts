/** Why a datagram or a part of it was dropped. */
export const DROP_REASONS = [
  'size',
  'version',
  'kind',
  'wrong-cluster',
  'unknown-key',
  'own',
  'touch',
  'replay',
  'budget',
  'forged',
  'malformed',
  'session',
  'unknown-message',
  'unsolicited',
  'bad-proof',
  'unsigned',
  'bad-signature',
  'no-certificate',
  'revoked',
  'not-allowed',
  'not-admitted',
  'table-full',
  'quota',
  'bad-value',
  'key-refused',
  'outbox-full',
  'send-failed',
  'http',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What an engine counts since its start; plain numbers that only grow. */
export interface Counters {
  readonly drops: Record<DropReason, number>;
  rxDatagrams: number;
  rxBytes: number;
  txDatagrams: number;
  txBytes: number;
  probes: number;
  probesFailed: number;
  suspicions: number;
  refutations: number;
  downs: number;
  recordsApplied: number;
  digestsSent: number;
  /** Identities seen to live twice. */
  twins: number;
  /** User events and queries that this node sent; events delivered here; events missed, at least. */
  eventsSent: number;
  eventsDelivered: number;
  eventsMissed: number;
  /** Queries of members, this node among them, that were answered here. */
  queriesAnswered: number;
}

export function createCounters(): Counters {
  const drops = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  return {
    drops,
    rxDatagrams: 0,
    rxBytes: 0,
    txDatagrams: 0,
    txBytes: 0,
    probes: 0,
    probesFailed: 0,
    suspicions: 0,
    refutations: 0,
    downs: 0,
    recordsApplied: 0,
    digestsSent: 0,
    twins: 0,
    eventsSent: 0,
    eventsDelivered: 0,
    eventsMissed: 0,
    queriesAnswered: 0,
  };
}
