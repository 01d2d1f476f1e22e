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
