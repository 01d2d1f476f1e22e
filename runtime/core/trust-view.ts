import type { NodeId } from './ids.ts';

/** What became of an object that an operator brought. */
export interface Proclaimed {
  readonly kind: 'root' | 'revocation' | 'policy' | 'roster';
  /** False: it was known here before. */
  readonly isNew: boolean;
}

/** What a node in a cluster of certificates lives by, as users see it. */
export interface TrustView {
  /** Number of the epoch that it writes under; null: nobody let it in yet. */
  readonly epoch: number | null;
  /** The one that is about to follow; null: none. */
  readonly next: number | null;
  /** Members whose certificates it knows. */
  readonly certificates: number;
  readonly revocations: number;
  /** Number of the root's policy; 0: the default one. */
  readonly policy: number;
  /** Version of the root's roster of voters on leases; 0: it signed none. */
  readonly roster: number;
  /** Seconds since 1970: it is at least this late. */
  readonly floorSeconds: number;
  /** What the admission handshakes came to since the start, by what was counted; what was dropped by `dropped-REASON`. */
  readonly admission: Readonly<Record<string, number>>;
  readonly own:
    | {
        readonly standing: true;
        readonly name: string;
        readonly groups: readonly string[];
        /** Seconds since 1970. */
        readonly expires: number;
      }
    | { readonly standing: false; readonly reason: string; readonly text: string };
}

/** Somebody whose certificate a node knows, itself among them. */
export interface CertifiedMember {
  readonly id: NodeId;
  /** As the certificate says. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Hex. */
  readonly serial: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970. */
  readonly expires: number;
  /** Whether a registrar issued it; else the root did. */
  readonly isByRegistrar: boolean;
  readonly standing: 'valid' | 'revoked' | 'expired';
}

/** What a root took back. */
export interface RevokedView {
  /** A node with all its certificates, or one certificate. */
  readonly kind: 'node' | 'certificate';
  /** Id of the node or serial of the certificate, as hex. */
  readonly target: string;
  /** Seconds since 1970. */
  readonly revokedAt: number;
  readonly reason: string;
}

/** Who is in and who is out, as far as a node knows. */
export interface CertifiedView {
  readonly members: readonly CertifiedMember[];
  readonly revoked: readonly RevokedView[];
}
