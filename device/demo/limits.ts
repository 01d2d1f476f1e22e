/** Daemons that a demo may have: one needs no gossip, and more than nine don't fit a screen. */
export const NODES_MIN = 1;
export const NODES_MAX = 9;
export const NODES_DEFAULT = 3;
/** Between two pictures of the table on a terminal, and between two that are appended to a file, in milliseconds. */
export const REPAINT_MS = 500;
export const APPEND_MS = 5_000;
/** Between two looks at the members while they find each other, in milliseconds: the summary is as exact as this. */
export const CONVERGENCE_POLL_MS = 25;
/** How long the daemons may take to start and to see each other, in milliseconds, before the demo says that they don't. */
export const CONVERGENCE_LIMIT_MS = 30_000;
/** How long a daemon may take to leave, in milliseconds; then it is killed. */
export const LEAVE_LIMIT_MS = 6_000;
/** How long a request to a daemon may take, in milliseconds. */
export const REQUEST_LIMIT_MS = 2_000;
/** Values put to measure how long they take to be read elsewhere. */
export const PUT_ROUNDS = 10;
/** Bytes of a daemon's log that are shown when it doesn't start. */
export const LOG_TAIL_BYTES = 2_000;
/** Signals that come within so many milliseconds of the first one are one key pressed once. */
export const SAME_KEY_MS = 500;
