/** What became of an object that an operator brought. */
export interface Proclaimed {
  readonly kind: 'root' | 'revocation' | 'policy';
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
  /** Seconds since 1970: it is at least this late. */
  readonly floorSeconds: number;
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
