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

export interface ValidCbor {
  /** The rule of [P-4.1] whose bound it just keeps. */
  readonly rule: string;
  readonly bytes: string;
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

/** A key sealed with another, and the records that tell of keys. */
export interface KeyRotationVectors {
  readonly wraps: readonly {
    readonly name: string;
    readonly cluster: string;
    /** Group keys. */
    readonly wrappingKey: string;
    readonly wrappedKey: string;
    readonly under: string;
    readonly fingerprint: string;
    readonly nonce: string;
    readonly sealed: string;
    /** Whether a receiver takes it. */
    readonly valid: boolean;
  }[];
  /** Values of `sys/keyring` as CBOR. */
  readonly keyrings: readonly { readonly name: string; readonly value: string; readonly valid: boolean }[];
  /** Values of `sys/key/...` as CBOR. */
  readonly keys: readonly { readonly name: string; readonly value: string; readonly valid: boolean }[];
}

/** Rosters by name, records of voters, and what the MAC of a question covers. */
export interface LeaseVectors {
  readonly rosters: readonly {
    readonly name: string;
    /** As CBOR. */
    readonly roster: string;
    /** null: it is none. */
    readonly mark: string | null;
  }[];
  /** Values of `sys/lease/...` as CBOR. */
  readonly reports: readonly { readonly name: string; readonly value: string; readonly valid: boolean }[];
  /** Messages as CBOR; of some nobody may take any notice. */
  readonly messages: readonly { readonly name: string; readonly message: string; readonly valid: boolean }[];
  readonly macs: readonly {
    readonly name: string;
    /** The key of the pair. */
    readonly key: string;
    readonly sender: string;
    readonly destination: string;
    readonly boot: number;
    /** The message without its MAC. */
    readonly message: string;
    readonly mac: string;
  }[];
}

/** Events as values of records, replies, patterns, and what the MAC of a reply covers. */
export interface EventVectors {
  /** Of the record that each value is in. */
  readonly version: number;
  readonly events: readonly { readonly name: string; readonly value: string; readonly valid: boolean }[];
  readonly messages: LeaseVectors['messages'];
  readonly patterns: readonly { readonly pattern: string; readonly text: string; readonly fits: boolean }[];
  readonly macs: LeaseVectors['macs'];
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
  /** Of who minted it: raw Ed25519 key, and the signature under the epoch. */
  readonly minterPublicKey: string;
  readonly signature: string;
  /** Sealed by a minter for one recipient, who has the secret X25519 key. */
  readonly share: {
    readonly minter: string;
    readonly minterPublicKey: string;
    readonly recipient: string;
    readonly recipientSecretKey: string;
    readonly sealed: string;
  };
}

/** One side of a handshake [P-13]. */
export interface AdmissionSide {
  /** X25519 secrets. */
  readonly agreementSecret: string;
  readonly ephemeralSecret: string;
  readonly credential: string;
  readonly epoch: AdmissionEpoch | null;
}

export interface AdmissionEpoch {
  readonly number: number;
  readonly id: string;
  readonly secret: string;
  readonly revocations: string;
  readonly warrant: string;
}

export interface AdmissionDatagram {
  readonly from: 'initiator' | 'responder';
  readonly step: string;
  readonly datagram: string;
  /** What is sealed within, in CBOR; null for a hello and a retry. */
  readonly payload: string | null;
}

/** A whole handshake, datagram by datagram; the cookie is the responder's own affair. */
export interface AdmissionVector {
  readonly name: string;
  readonly cluster: string;
  readonly connection: string;
  readonly initiator: AdmissionSide;
  readonly responder: AdmissionSide;
  readonly datagrams: readonly AdmissionDatagram[];
}

/** A datagram that is refused before any state is looked at. */
export interface AdmissionDrop {
  readonly name: string;
  readonly cluster: string;
  readonly datagram: string;
  readonly drop: string;
}

export interface AdmissionVectors {
  readonly handshakes: readonly AdmissionVector[];
  readonly drops: readonly AdmissionDrop[];
}

/** `certificates.json`: what everything in it is judged by, and the cases. */
export interface ChainVectors {
  readonly cluster: string;
  /** Statements of the roots that count, the newest last. */
  readonly roots: readonly string[];
  readonly cases: readonly ChainVector[];
}

export interface ChainVector {
  readonly name: string;
  readonly atSeconds: number;
  readonly revocations: readonly string[];
  readonly chain: readonly string[];
  /** The refusal of [P-11.6], or `accepted`. */
  readonly verdict: string;
  /** Of what is accepted: what it says. */
  readonly says?: {
    readonly id: string;
    readonly name: string;
    readonly serial: string;
    readonly agreementKey: string;
    readonly groups: readonly string[];
    readonly provenSeconds: number;
  };
}

/** `statements.json`: other signed objects. */
export interface StatementVectors {
  readonly cluster: string;
  readonly roots: readonly string[];
  /** Ed25519 seed -> X25519 public key [P-11.3]. */
  readonly agreementKeys: readonly { readonly seed: string; readonly publicKey: string }[];
  /** Hash of the set of all accepted revocations [P-11.7]. */
  readonly revocationHash: string;
  readonly cases: readonly StatementVector[];
}

export interface StatementVector {
  readonly name: string;
  readonly kind: 'root' | 'revocation' | 'policy' | 'roster' | 'request';
  readonly object: string;
  /** A refusal, or `accepted`. */
  readonly verdict: string;
}

export interface ProofVector {
  readonly kind: string;
  readonly code: number;
  readonly cluster: string;
  /** Ed25519 seeds, of which the X25519 keys are derived [P-11.3]. */
  readonly senderSeed: string;
  readonly destinationSeed: string;
  readonly sender: string;
  readonly destination: string;
  readonly pairKey: string;
  readonly senderBoot: number;
  readonly seq: number;
  readonly value: number;
  readonly mac: string;
}

export interface PresenceChainVector {
  readonly owner: string;
  readonly boot: number;
  readonly startMs: number;
  readonly slotMs: number;
  readonly anchor: string;
  /** From link 1 on; the last one is the random seed. */
  readonly links: readonly string[];
}

/** `shared-data.json`: slots of section 16, as hex. */
export interface SharedDataVectors {
  readonly joins: readonly {
    readonly name: string;
    readonly type: string;
    readonly slots: readonly string[];
    /** In ascending order of ids, lives and numbers; elements in the order of their encodings. */
    readonly joined: string;
    readonly value: unknown;
  }[];
  readonly invalid: readonly { readonly name: string; readonly type: string; readonly slot: string }[];
}

/** Marks of keys [P-5.40], what readers see of records that were put together [P-5.41], and a value that travels apart [P-5.43]. */
export interface TogetherVectors {
  readonly marks: readonly { readonly key: string; readonly mark: number }[];
  readonly stories: readonly {
    readonly name: string;
    /** Records of one owner in the order in which they come, each with what is seen then, as `key@sequence`. */
    readonly steps: readonly { readonly record: string; readonly seen: readonly string[] }[];
  }[];
  readonly long: {
    /** The value is this text. */
    readonly text: string;
    readonly length: number;
    readonly hash: string;
    readonly parts: readonly string[];
  };
}

export interface HttpVectors {
  readonly bodies: readonly {
    readonly name: string;
    readonly body: string;
    /** null: it is refused. */
    readonly datagrams: readonly string[] | null;
  }[];
  /** Datagrams that open where they came by HTTP, and are forged where they came by UDP. */
  readonly sealed: readonly {
    readonly name: string;
    readonly cluster: string;
    readonly preSharedKey: string;
    readonly destination: string;
    readonly datagram: string;
    readonly body: string;
  }[];
  /** A `node` record of a member that is reached through others. */
  readonly relayed: {
    readonly record: string;
    readonly endpoints: readonly {
      readonly transport: string;
      readonly address: string;
      readonly port: number;
    }[];
    readonly relays: readonly string[];
  };
}
