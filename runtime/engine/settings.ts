/**
 * What an engine may be told. Each field says what it trades against what. Durations are in milliseconds.
 * Presets are differences from `LAN`.
 */
export interface EngineSettings {
  /**
   * A probe starts every so often: each second one of a random member, the others of the one that this node watches. Shorter: faster
   * detection, more packets (two a probe). 200-60000.
   */
  readonly probeIntervalMs: number;
  /** Bounds of the wait for an ack before helpers are asked; between them 4 x the round trip's p99 counts. */
  readonly probeTimeoutMinMs: number;
  readonly probeTimeoutMaxMs: number;
  /** Helpers asked when a direct probe stays unanswered: more tell a bad link from a dead node better. 0-8. */
  readonly probeHelpers: number;
  /**
   * A watched member is probed as soon as phi of its arrivals passes this, before its turn; 0: never. It helps where members are heard
   * at a steady pace that is faster than two probe intervals; lower probes earlier and more often in vain. 0-16.
   */
  readonly phiProbe: number;
  /** Suspicion's least time is this x log10(n) x the probe interval: lower detects faster, accuses the slow more often. */
  readonly suspicionMultiplier: number;
  /** Suspicion's longest time (no second accuser) as a multiple of its least. */
  readonly suspicionMaxFactor: number;
  /** Distinct accusers beyond the first that bring suspicion to its least time. */
  readonly suspicionConfirmations: number;
  /** Ceiling of the local health score: timeouts stretch by up to this factor while the node itself is unwell. */
  readonly localHealthMax: number;
  /** Fresh records wait so long to share a packet. Longer: fewer packets, later news. 0-1000. */
  readonly batchIntervalMs: number;
  /** Peers that fresh news goes to by unicast in one round. */
  readonly fanOut: number;
  /** A piece of news is sent at most this x ceil(log10(n + 1)) times by one node. */
  readonly retransmitMultiplier: number;
  /** A digest goes to one random peer every so often (+- 20 %). Shorter repairs losses sooner, costs a packet each. */
  readonly digestIntervalMs: number;
  /** Owners changed within this time are listed in a digest instead of hashed. */
  readonly digestQuietMs: number;
  /**
   * Multicast presence: it discovers, and replaces probes while it is heard. Shorter: on a segment a dead node is noticed sooner, by half
   * of the difference; longer: fewer packets that wake everybody. It grows with the segment.
   */
  readonly presenceIntervalMs: number;
  /** All nodes of a segment together send at most about this many presences a second. */
  readonly presencesPerSecondMax: number;
  /** Down members (each by about five nodes, three by one node) and unanswered seeds are tried again every so often, for ever. */
  readonly retryIntervalMs: number;
  /** How long a leaving node waits for acknowledgements. */
  readonly leaveTimeoutMs: number;
  /** Tombstones are kept so long; a node that was away longer is reset from its peers. */
  readonly tombstoneGraceMs: number;
  /**
   * What this node sends to all peers together, in bytes a second (a second's worth at once), for each class of traffic: none can take
   * another's share. News of failures; of who has come; urgent records; other records; answers of anti-entropy. Less: a mass start
   * takes longer, more: its peak is higher.
   */
  readonly verdictBytesPerSecond: number;
  readonly membershipBytesPerSecond: number;
  readonly urgentBytesPerSecond: number;
  readonly dataBytesPerSecond: number;
  readonly syncBytesPerSecond: number;
  readonly recordsPerOwnerMax: number;
  readonly bytesPerOwnerMax: number;
  readonly ownersMax: number;
  /**
   * Encoded bytes of all records of all owners: what a board can spare. At the limit further records are refused; those of applications
   * at seven eighths of it, so that members can still say that they live.
   */
  readonly tableBytesMax: number;
}

/** Wired local network: the default. */
export const LAN: EngineSettings = {
  probeIntervalMs: 1_000,
  probeTimeoutMinMs: 100,
  probeTimeoutMaxMs: 2_000,
  probeHelpers: 3,
  phiProbe: 0,
  suspicionMultiplier: 1,
  suspicionMaxFactor: 6,
  suspicionConfirmations: 3,
  localHealthMax: 8,
  batchIntervalMs: 40,
  fanOut: 4,
  retransmitMultiplier: 3,
  digestIntervalMs: 5_000,
  digestQuietMs: 3_000,
  // With 2 s, half of the crashes in a segment of 10 were known to all after 2.5 s only; a presence takes about 100 bytes.
  presenceIntervalMs: 1_500,
  // A segment of 100 speaks every 3.3 s then: with 25, half of its crashes were known to all after 3.5 s only.
  presencesPerSecondMax: 30,
  retryIntervalMs: 10_000,
  leaveTimeoutMs: 3_000,
  tombstoneGraceMs: 3_600_000,
  verdictBytesPerSecond: 250_000,
  membershipBytesPerSecond: 34_000,
  urgentBytesPerSecond: 1_000_000,
  dataBytesPerSecond: 1_000_000,
  syncBytesPerSecond: 44_000,
  recordsPerOwnerMax: 1_264,
  bytesPerOwnerMax: 114_688,
  ownersMax: 4_096,
  tableBytesMax: 33_554_432,
};

/** Links with 30-300 ms of round trip and some loss: slower to accuse, cheaper. */
export const WAN: Partial<EngineSettings> = {
  probeIntervalMs: 3_000,
  probeTimeoutMinMs: 500,
  probeTimeoutMaxMs: 5_000,
  suspicionMultiplier: 2,
  batchIntervalMs: 100,
  digestIntervalMs: 15_000,
  // A few Mbit/s in all, shared with what the site needs.
  verdictBytesPerSecond: 50_000,
  membershipBytesPerSecond: 16_000,
  urgentBytesPerSecond: 150_000,
  dataBytesPerSecond: 150_000,
  syncBytesPerSecond: 24_000,
};

/** Wi-Fi and other radio: multicast is lossy and wakes everybody, so less of it. */
export const RADIO: Partial<EngineSettings> = {
  probeTimeoutMinMs: 250,
  suspicionMultiplier: 1.5,
  batchIntervalMs: 80,
  digestIntervalMs: 30_000,
  presenceIntervalMs: 5_000,
  // All nodes share one channel.
  verdictBytesPerSecond: 50_000,
  membershipBytesPerSecond: 12_000,
  urgentBytesPerSecond: 100_000,
  dataBytesPerSecond: 100_000,
  syncBytesPerSecond: 16_000,
};

/** Paid by the byte: minutes instead of seconds. */
export const METERED: Partial<EngineSettings> = {
  probeIntervalMs: 60_000,
  probeTimeoutMinMs: 1_000,
  probeTimeoutMaxMs: 10_000,
  batchIntervalMs: 1_000,
  fanOut: 1,
  digestIntervalMs: 120_000,
  presenceIntervalMs: 60_000,
  retryIntervalMs: 120_000,
  // A link of 64 kbit/s stays usable for everything else.
  verdictBytesPerSecond: 3_000,
  membershipBytesPerSecond: 1_000,
  urgentBytesPerSecond: 3_000,
  dataBytesPerSecond: 3_000,
  syncBytesPerSecond: 2_000,
};

export const PRESETS = { lan: {}, wan: WAN, radio: RADIO, metered: METERED } as const;
export type PresetName = keyof typeof PRESETS;

/** A preset with single settings changed. */
export function settingsOf(preset: PresetName, overrides: Partial<EngineSettings> = {}): EngineSettings {
  return { ...LAN, ...PRESETS[preset], ...overrides };
}
