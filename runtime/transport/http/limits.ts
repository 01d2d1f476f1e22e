/** Where datagrams are posted to [P-19.2]. */
export const RESOURCE = '/gridvine/1';
export const MEDIA_TYPE = 'application/vnd.gridvine.datagrams';
/** Names a session: 32 hex digits that the caller drew [P-19.4]. */
export const SESSION_HEADER = 'gridvine-session';

/** A body, either way. */
export const BODY_BYTES_MAX = 65_536;
/** What no datagram is shorter than: a retry of an admission [P-13.2]. */
export const FRAME_BYTES_MIN = 32;
export const FRAMES_PER_BODY_MAX = 256;
/**
 * So full this node makes a body where more waits: what becomes urgent meanwhile waits for that much, two seconds on a mobile network of
 * 4 kB/s. More would be faster only where a round trip takes long and the line is fast. (As datagrams are no shorter it holds 240 at most.)
 */
export const FILL_BYTES = 8_192;
/** So many datagrams are handed over before anything else gets its turn: each costs the engine a mutation. */
export const FRAMES_AT_ONCE = 32;
/** Datagrams that wait for one session, or for one listener. */
export const QUEUE_BYTES_MAX = 65_536;
export const QUEUES_BYTES_MAX = 4 * 1_048_576;

/** Sessions that peers may have open here: in all, from one source (a site behind one NAT), and of those that no member has shown to be at. */
export const SESSIONS_MAX = 256;
export const SESSIONS_PER_SOURCE = 128;
export const STRANGERS_MAX = 64;
/** Sessions that one source may begin a second, and at once: so long a newcomer stays, whoever else comes from there. */
export const NEW_SESSIONS = { perSecond: 8, burst: STRANGERS_MAX } as const;
/** A session that nobody asks for is over. */
export const SESSION_IDLE_MS = 60_000;
/** A session whose last connection went is over after so long: who polls comes again at once. */
export const SESSION_LOST_MS = 3_000;

/** Connections: in all, and from one source. */
export const CONNECTIONS_MAX = 640;
export const CONNECTIONS_PER_SOURCE = 320;
/** Requests of one source a second, and how many at once; datagrams likewise, where no member is known to be at their session, or they come from elsewhere. */
export const REQUESTS = { perSecond: 400, burst: 800 } as const;
export const STRANGE_DATAGRAMS = { perSecond: 400, burst: 800 } as const;
/** Datagrams of one session at which a member is: its name may have been read on the way, and each costs an opening. */
export const KNOWN_DATAGRAMS = { perSecond: 1_000, burst: 4_000 } as const;
/** A header, and a whole request, must have come by then. */
export const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 20_000;
export const KEEP_ALIVE_MS = 65_000;
/** The same for a connection that no member is known to use. */
export const STRANGE_KEEP_ALIVE_MS = 10_000;

/** A poll is answered after so long, whatever the caller wants; proxies close what is silent for a minute. */
export const WAIT_SECONDS_MAX = 30;
/** What this implementation asks for. */
export const WAIT_SECONDS = 25;
/** And the least, where somebody between doesn't let requests wait so long. */
export const WAIT_SECONDS_MIN = 5;

/** Listeners that this node holds sessions to. */
export const CALLS_MAX = 64;
/** A session that nothing was sent by for so long isn't kept up. */
export const CALL_IDLE_MS = 60_000;
/** An answer to what was sent comes by then, or the connection is taken for dead. */
export const POST_TIMEOUT_MS = 5_000;
/** The answer to a poll comes so long after it was due, or likewise. */
export const POLL_SLACK_MS = 10_000;
/** An answer that has begun, and keeps coming, is whole so long after that: 64 KiB at 4 kB/s. */
export const WHOLE_MS = 20_000;
/** After a failure nothing is sent there for so long; twice as long each time. */
export const BACK_OFF_MS = 500;
export const BACK_OFF_MS_MAX = 10_000;
/**
 * A connection by which nothing goes is kept in the tables of NATs by an empty segment so often: those of mobile networks forget after 30 s
 * at the earliest, and more would wake their radio.
 */
export const TCP_KEEP_ALIVE_MS = 15_000;
