/** Limits that the specification fixes [P-9]: a peer may rely on them. */
export const DATAGRAM_BYTES_MAX = 1200;
export const DATAGRAM_HEADER_BYTES = 32;
export const SEAL_TAG_BYTES = 16;
export const DATAGRAM_BYTES_MIN = DATAGRAM_HEADER_BYTES + SEAL_TAG_BYTES + 1;
/** The most CBOR that one datagram carries. */
export const BODY_BYTES_MAX = DATAGRAM_BYTES_MAX - DATAGRAM_HEADER_BYTES - SEAL_TAG_BYTES;
export const RECORD_BYTES_MAX = 900;
/** A value that travels apart from its record [P-5.43], and the pieces it travels in. */
export const LARGE_VALUE_BYTES_MAX = 16_384;
export const VALUE_PART_BYTES = 1_024;
/** Records that are put together [P-5.40]. */
export const BATCH_RECORDS_MAX = 32;
export const KEY_BYTES_MAX = 128;
export const NAME_BYTES_MAX = 64;
export const UNIT_BYTES_MAX = 32;
export const CLUSTER_NAME_BYTES_MAX = 64;
export const RECORDS_PER_OWNER_MAX = 1264;
export const BYTES_PER_OWNER_MAX = 114_688;
/** Of these the node itself may need so many: accusations, keys, certificate, epochs, the root's word, events. Applications have the rest. */
export const RESERVED_RECORDS = 312;
export const RESERVED_BYTES = 63_488;
export const OWNERS_MAX = 4096;
export const REPLAY_WINDOW = 1024;
export const CBOR_DEPTH_MAX = 8;
/** Arrays and maps around each other in a value: a record is an array around its value [P-4.1]. */
export const VALUE_DEPTH_MAX = CBOR_DEPTH_MAX - 1;
export const CBOR_ITEMS_MAX = 4096;
export const ENDPOINTS_PER_NODE_MAX = 8;
export const TAGS_PER_NODE_MAX = 32;
export const TAG_BYTES_MAX = 128;
export const TTL_MS_MAX = 366 * 86_400_000;
/** Ages stop growing here, about 100 years. */
export const AGE_MS_MAX = 100 * 366 * 86_400_000;
export const ACCUSE_SLOTS = 32;
export const JOIN_BYTES_MIN = 600;
export const DIGEST_BUCKETS = 64;
/** Leases [P-17]: voters of a roster, a lease's name and time, and ballots, which stay exact in a double. */
export const VOTERS_MAX = 7;
export const LEASE_NAME_BYTES_MAX = 64;
/** A shorter one would be lost to a slow radio link, a longer one keeps everybody waiting after a crash. */
export const LEASE_TTL_MS_MIN = 2_000;
export const LEASE_TTL_MS_MAX = 60_000;
export const BALLOT_MAX = 2 ** 52;
/** A ballot further above all that a voter knows is no honest one: nobody may use the numbers up. */
export const BALLOT_JUMP_MAX = 2 ** 32;

/** Events and queries [P-18]: how many of one sender are kept at a time, and what they take in all. */
export const EVENT_SLOTS = 64;
export const EVENT_BYTES_MAX = 16_384;
export const EVENT_NAME_BYTES_MAX = 64;
/** Of an event's value: name, payload, and a query's filter. */
export const EVENT_VALUE_BYTES_MAX = 840;
/** How long an event is delivered to those who come late. */
export const EVENT_WINDOW_MS_MIN = 100;
export const EVENT_WINDOW_MS_MAX = 3_600_000;
/** Its record stays so much longer, for those who missed it to hear so. */
export const EVENT_TRACE_MS = 3_600_000;

/** Of an answer to a query. */
export const ANSWER_BYTES_MAX = 900;

/** Limits of this implementation: another peer may choose others. */
export const SESSIONS_MAX = 8192;
export const OUTBOX_MAX = 4096;
export const EVENT_QUEUE_MAX = 65_536;
/** Leases that a voter remembers one by one; of others it knows that their ballots lie below its floor. */
export const PROMISES_MAX = 32;
/** Leases that one node claims at the same time. */
export const CLAIMS_MAX = 32;
/** Queries of one node whose answers it waits for; queries that it is answering; and the most that it takes in answers to one. */
export const OPEN_QUERIES_MAX = 16;
export const REPLYING_MAX = 256;
export const ANSWERS_BYTES_MAX = 16_777_216;
