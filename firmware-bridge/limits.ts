/** Longest JSON line from a child, in bytes without its newline. At the cap: that line is skipped and counted. */
export const LINE_BYTES_MAX = 4096;
/** Longest value, in bytes as JSON: with its key and unit it must fit one record. At the cap: the line is refused. */
export const VALUE_BYTES_MAX = 600;
/** Most distinct keys that one source may have. At the cap: readings under new keys are dropped, with a health item. */
export const KEYS_PER_SOURCE_MAX = 256;
/** Most health items that one source may hold at a time. At the cap: further ones are dropped. */
export const HEALTH_ITEMS_PER_SOURCE_MAX = 32;
/** Readings that one source may send into the gossip in a second. At the cap: the newest value of each key waits. */
export const READINGS_PER_SECOND_DEFAULT = 20;
/** Most bytes read of one file below `/proc` or `/sys`. At the cap: the rest is not read. */
export const FILE_BYTES_MAX = 65_536;
/**
 * Bytes that a child may print in a second, unless its allowed lines need more. At the cap: its output is left in the
 * pipe, so that it has to wait.
 */
export const CHILD_BYTES_PER_SECOND_MAX = 262_144;
/** Bytes a second that each allowed line a second makes room for. */
export const CHILD_BYTES_PER_LINE = 512;
/** Lines of a child that are parsed in a second. At the cap: lines are dropped unparsed, with a health item. */
export const CHILD_LINES_PER_SECOND_DEFAULT = 50;
/** Lines of a child's stderr that reach the log in a minute. At the cap: they are dropped and counted. */
export const STDERR_LINES_PER_MINUTE_MAX = 30;
/** Characters of one line of a child's stderr that reach the log. At the cap: the line is cut. */
export const STDERR_LINE_CHARS_MAX = 400;
/** Sources in one configuration. At the cap: the configuration is refused. */
export const SOURCES_MAX = 64;
/** Oldest age, in ms, that a child may claim for a value. At the cap: the line is refused. */
export const CLAIMED_AGE_MS_MAX = 7 * 86_400_000;
/** Bytes that a port may bring in a second: no field bus is faster. At the cap: the rest waits with whoever sends it. */
export const LINK_BYTES_PER_SECOND_MAX = 262_144;
