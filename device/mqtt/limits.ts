/** Topics that one bridge publishes at most. At the cap: records under further topics are not published, and counted. */
export const TOPICS_MAX = 50_000;
/** Topics that wait to be emptied while the broker is away. At the cap: the oldest is forgotten, and counted. */
export const CLEARS_MAX = 10_000;
/** First and longest upper bound of the random wait before the next attempt, in milliseconds. */
export const RETRY_FIRST_MS = 1_000;
export const RETRY_LONGEST_MS = 300_000;
/** How long a broker may take to accept a connection, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A broker that acknowledges nothing for so long, with messages under way, is given up, in milliseconds. */
export const ACK_TIMEOUT_MS = 30_000;
/** How long a clean stop waits for its last messages, in milliseconds. */
export const STOP_TIMEOUT_MS = 1_500;
/** Longest topic that MQTT can name, in bytes of UTF-8. */
export const TOPIC_BYTES_MAX = 65_535;
/**
 * For how long the lease of the uplink is promised, in milliseconds: after a crash of its holder the next one feeds the brokers about so
 * much later. Shorter would be lost to a short trouble of the network.
 */
export const UPLINK_TTL_MS = 5_000;
/** Before a lease is asked for again that was lost or can't be asked for, in milliseconds. */
export const UPLINK_RETRY_MS = 1_000;
/** A holder that reaches no broker for so long lets others try, in milliseconds, and stands back for longer than each of a few of them needs. */
export const UPLINK_YIELD_MS = 8_000;
export const UPLINK_STAND_BACK_MS = 30_000;
/** Nobody holds the lease for so long, in milliseconds: that is worth a word. */
export const UPLINK_NOBODY_MS = 15_000;
