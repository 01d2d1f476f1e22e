import type { WhyView } from '#runtime/core/why.ts';

/** The JSON documents that the daemon answers with, as far as commands look at them. */

export interface HealthJson {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'failure';
  readonly title: string;
  readonly text: string;
  readonly sinceMs: number;
}

export interface StatusJson {
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  readonly version: string;
  readonly protocol: number;
  readonly uptimeMs: number;
  readonly profile: string | null;
  readonly security: {
    readonly mode: 'psk' | 'certificates';
    readonly crypto: string;
    readonly epoch: number | null;
    readonly certificate: CertificateStandingJson | null;
  };
  readonly members: Readonly<Record<string, number>>;
  readonly records: number;
  /** How much of what this node may put is used. */
  readonly quota: {
    readonly records: number;
    readonly recordsMax: number;
    readonly bytes: number;
    readonly bytesMax: number;
  };
  readonly drops: Readonly<Record<string, number>>;
  readonly interfaces: readonly {
    readonly name: string;
    readonly rxBytes: number;
    readonly txBytes: number;
    readonly rxDatagrams: number;
    readonly txDatagrams: number;
    readonly rxDropped: number;
    readonly txDropped: Readonly<Record<string, number>>;
    readonly bytesPerSecondMax: number | null;
  }[];
  readonly health: readonly HealthJson[];
}

/** How a node's own certificate stands. */
export interface CertificateStandingJson {
  readonly standing: boolean;
  readonly name: string | null;
  readonly groups: readonly string[];
  readonly expiresMs: number | null;
  readonly reason: string | null;
  readonly text: string | null;
}

export interface TrustJson {
  readonly self: string;
  readonly mode: 'psk' | 'certificates';
  readonly epoch: number | null;
  readonly next: number | null;
  readonly policy: number | null;
  readonly roster: number | null;
  readonly floorMs: number | null;
  readonly own: CertificateStandingJson | null;
  readonly members: readonly {
    readonly id: string;
    readonly name: string;
    readonly groups: readonly string[];
    readonly serial: string;
    readonly issuedMs: number;
    readonly expiresMs: number;
    readonly byRegistrar: boolean;
    readonly standing: 'valid' | 'revoked' | 'expired';
    readonly state: string | null;
  }[];
  readonly revoked: readonly {
    readonly kind: 'node' | 'certificate';
    readonly target: string;
    readonly revokedAtMs: number;
    readonly reason: string;
  }[];
}

export interface MemberJson {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly boot: number;
  readonly incarnation: number;
  readonly endpoints: readonly {
    readonly transport: string;
    readonly address: string;
    readonly port: number;
  }[];
  readonly lastHeardMs: number | null;
  readonly phi: number | null;
  readonly rttMs: number | null;
  readonly accusers: readonly string[];
  readonly path: { readonly transport: string; readonly address: string; readonly port: number } | null;
  readonly twin: boolean;
  readonly flags: readonly string[];
}

export interface MembersJson {
  readonly self: string;
  readonly members: readonly MemberJson[];
}

export interface WhyJson extends WhyView {
  readonly self: string;
}

export interface RecordJson {
  readonly id: string;
  readonly node: string;
  readonly key: string;
  readonly value: unknown;
  readonly unit: string | null;
  readonly quality: string;
  readonly version: number;
  readonly ageMs: number;
  readonly ageBoundMs: number | null;
  readonly ttlMs: number | null;
  /** Nobody knows how old it is: `ageMs` is what is certain. */
  readonly ageUnknown?: boolean;
}

export interface RecordsJson {
  readonly records: readonly RecordJson[];
}

export interface WrittenJson {
  readonly key: string;
  readonly version: number;
}

export interface WrittenBatchJson {
  readonly records: readonly WrittenJson[];
}

export interface CrdtJson {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
  readonly slots: readonly { readonly id: string; readonly node: string }[];
  readonly ignored: readonly { readonly id: string; readonly node: string; readonly problem: string }[];
  readonly orphaned: boolean;
}

export interface CrdtsJson {
  readonly crdts: readonly CrdtJson[];
}

export interface AggregateGroupJson {
  readonly tag: string | null;
  readonly value: number | null;
  readonly unknown: { readonly reason: string; readonly text: string } | null;
  readonly unit: string | null;
  readonly n: number;
  readonly expected: number;
  readonly oldestMs: number | null;
  readonly oldestBoundMs: number | null;
  readonly quality: string | null;
  readonly weakest: { readonly id: string; readonly node: string } | null;
}

export interface AggregateJson {
  readonly groups: readonly AggregateGroupJson[];
}

export interface MemberKeysJson {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly told: boolean;
  readonly reads: readonly string[];
  readonly writes: string | null;
}

export interface KeysJson {
  readonly self: string;
  readonly mode: 'psk' | 'certificates';
  readonly use: string | null;
  readonly keys: readonly {
    readonly fingerprint: string;
    readonly state: 'installed' | 'removed';
    readonly held: boolean;
    readonly have: readonly string[];
    readonly write: readonly string[];
    readonly lack: readonly string[];
  }[];
  readonly members: readonly MemberKeysJson[];
  readonly waiting: readonly { readonly fingerprint: string; readonly reason: string }[];
  readonly saving: boolean;
}

export interface SourcesJson {
  readonly sources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly simulated: boolean;
    readonly state: string;
    readonly counters: Readonly<Record<string, number>>;
    readonly health: readonly Omit<HealthJson, 'sinceMs'>[];
  }[];
}
