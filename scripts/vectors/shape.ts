/** The shapes of the vector files. All bytes are lower-case hex. */

export interface KeyVector {
  readonly cluster: string;
  readonly preSharedKey: string;
  readonly groupKey: string;
  readonly keyId: number;
  readonly clusterTag: string;
  /** An Ed25519 seed with its public key and the node id made of it. */
  readonly seed: string;
  readonly publicKey: string;
  readonly nodeId: string;
}

export interface InvalidCbor {
  /** The rule of [P-4.1] that it breaks. */
  readonly rule: string;
  readonly bytes: string;
}

export interface RecordVector {
  readonly name: string;
  readonly record: string;
  readonly valid: boolean;
}

export interface BodyVector {
  readonly name: string;
  /** Types of its messages, in order. */
  readonly types: readonly string[];
  readonly body: string;
}

export interface DatagramVector {
  readonly name: string;
  /** What the receiver is configured with; `destination` is its id. */
  readonly cluster: string;
  readonly preSharedKey: string;
  readonly destination: string;
  readonly datagram: string;
  /** The body within, or null where it is dropped. */
  readonly body: string | null;
  /** The reason for which a receiver that sees it first drops it, or null. */
  readonly drop: string | null;
}

export interface RefusalVector {
  readonly code: string;
  readonly cluster: string;
  /** The datagram that is refused. */
  readonly answered: string;
  readonly refusal: string;
}

export interface EpochVector {
  readonly cluster: string;
  readonly number: number;
  readonly secret: string;
  readonly mark: string;
  readonly id: string;
  readonly groupKey: string;
  readonly keyId: number;
  /** Sealed by a minter for one recipient, who has the secret X25519 key. */
  readonly share: {
    readonly minter: string;
    readonly minterPublicKey: string;
    readonly recipient: string;
    readonly recipientSecretKey: string;
    readonly sealed: string;
  };
}
