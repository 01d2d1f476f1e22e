/** What the specification fixes [P-13]: a peer may rely on it. */
export const FRAME_HEADER_BYTES = 16;
export const CONNECTION_ID_BYTES = 8;
export const COOKIE_BYTES = 16;
/** A certificate and, where it has one, its registrar's: two of 512 bytes and what holds them together. */
export const CREDENTIAL_BYTES_MAX = 1040;
/** How long a handshake may take, from its first message on either side. */
export const HANDSHAKE_MS = 15_000;
/** A cookie is good for at least this long, and at most twice as long. */
export const COOKIE_LIFETIME_MS = 60_000;

/** Unanswered messages are sent again after this long, then twice as long each time, up to the second. */
export const RESEND_FIRST_MS = 500;
export const RESEND_LONGEST_MS = 4_000;

/** How many messages that don't open are tried, and how often an answer is repeated, in one handshake. */
export const ATTEMPTS_MAX = 8;
export const REPEATS_MAX = 8;
/** How many cookies a caller takes in one handshake. */
export const COOKIES_TAKEN_MAX = 4;

/** Limits of this implementation: what strangers may cost it at most. */
export interface AdmissionLimits {
  /** Handshakes answered a second, each about six asymmetric operations: what all callers together may cost. */
  readonly handshakesPerSecond: number;
  readonly handshakesBurst: number;
  /** Of these, what may go to one network (an IPv4 /24, an IPv6 /64): below the whole, so that no network keeps others out. */
  readonly networkPerSecond: number;
  readonly networkBurst: number;
  /** And to one address: a board needs one, those behind one NAT a few. */
  readonly addressPerSecond: number;
  readonly addressBurst: number;
  /** Handshakes under way, and how many of them of one network and one address. */
  readonly openMax: number;
  readonly openPerNetworkMax: number;
  readonly openPerAddressMax: number;
  /** Finished handshakes that can still repeat their last answer. */
  readonly settledMax: number;
  /** Cookies given a second, to addresses that may be made up. */
  readonly cookiesPerSecond: number;
  /** Own calls under way; half of them may be such as a stranger's datagram provoked. */
  readonly callsMax: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  handshakesPerSecond: 40,
  handshakesBurst: 80,
  networkPerSecond: 20,
  networkBurst: 40,
  addressPerSecond: 2,
  addressBurst: 6,
  openMax: 64,
  openPerNetworkMax: 32,
  openPerAddressMax: 6,
  settledMax: 256,
  cookiesPerSecond: 500,
  callsMax: 32,
};
