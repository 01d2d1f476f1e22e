import type { Endpoint } from '../../core/endpoint.ts';
import type { NodeId } from '../../core/ids.ts';
import type { RandomSource } from '../../core/random.ts';
import type { AgreementKey } from '../../crypto/agreement-key.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import type { Epoch, EpochName } from '../epoch.ts';
import type { AdmissionLimits } from './limits.ts';
import type { DenialReason } from './reasons.ts';

/** What a judge of credentials says. */
export type Judgement =
  | {
      readonly admitted: true;
      readonly id: NodeId;
      /** The certified X25519 key; the handshake must have run under it. */
      readonly agreementKey: Uint8Array;
    }
  | { readonly admitted: false; readonly reason: DenialReason };

export interface AdmissionOptions {
  readonly provider: CryptoProvider;
  readonly cluster: string;
  /** Own X25519 key, the one that the credential certifies. */
  readonly agreementKey: AgreementKey;
  /** What this node presents now, 1 to 1040 bytes: asked for at each handshake, because certificates are renewed. */
  readonly credential: () => Uint8Array;
  /** Judges what a peer presents; the handshake proved that the peer holds `peerStatic`. Must not throw for what came from outside. */
  readonly judge: (credential: Uint8Array, peerStatic: Uint8Array) => Judgement;
  /** Whether somebody who may mint vouches for an epoch that a peer gives. Must not throw. */
  readonly isWarranted: (epoch: Epoch) => boolean;
  /** The epoch that this node writes under; undefined: it has none yet. */
  readonly currentEpoch: () => Epoch | undefined;
  /** Whether this node may give that epoch on: it knows of all whom its minter left out. Default: it may. */
  readonly mayGive?: (epoch: Epoch) => boolean;
  /** `bytes` must be cryptographic: ephemeral keys and the secrets of cookies are drawn here. */
  readonly random: RandomSource;
  readonly limits?: Partial<AdmissionLimits>;
}

/** How an own call ended. */
export type CallOutcome =
  /** Both know the same epoch, or neither has one. */
  | 'agreed'
  /** The peer gave this node its epoch. */
  | 'granted'
  /** This node gave the peer its epoch, and the peer has it. */
  | 'gave'
  /** The peer doesn't admit this node. */
  | 'denied'
  /** This node doesn't admit the peer. */
  | 'refused'
  /**
   * The call reached this node itself, or another that lives under its identity. Where only its own hello came back that is a
   * hint: somebody may have sent it back.
   */
  | 'self'
  | 'timed-out';

/** What came of it, for the engine. */
export type AdmissionEvent =
  /** A peer proved who it is, and its credential passed. */
  | {
      readonly type: 'admitted';
      readonly id: NodeId;
      readonly credential: Uint8Array;
      readonly epoch: EpochName | undefined;
      readonly endpoint: Endpoint;
    }
  /** An admitted peer gave this node an epoch above its own. */
  | { readonly type: 'granted'; readonly epoch: Epoch; readonly by: NodeId; readonly endpoint: Endpoint }
  /** A peer has acknowledged the epoch that this node gave it. */
  | { readonly type: 'gave'; readonly epoch: EpochName; readonly to: NodeId; readonly endpoint: Endpoint }
  /** A peer doesn't admit this node. `by` is undefined where this node doesn't admit that peer either: then it is a hint. */
  | {
      readonly type: 'denied';
      readonly reason: DenialReason;
      readonly by: NodeId | undefined;
      readonly endpoint: Endpoint;
    }
  /** This node doesn't admit a peer. */
  | { readonly type: 'refused'; readonly reason: DenialReason; readonly endpoint: Endpoint }
  /** An own call is over. */
  | { readonly type: 'ended'; readonly outcome: CallOutcome; readonly endpoint: Endpoint };

/** What to do, in order. */
export type AdmissionOutput =
  | { readonly type: 'transmit'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'event'; readonly event: AdmissionEvent };

/** Why a datagram came to nothing. */
export const ADMISSION_DROPS = [
  'size',
  'version',
  'wrong-cluster',
  'malformed',
  /** No handshake is under way that it could belong to, or it isn't that one's turn. */
  'unsolicited',
  /** A hello of this node's own, sent back. */
  'own',
  /** No cookie was given because too many were. */
  'cookie-budget',
  /** A handshake was not begun: its address, its network, or all together cost too much. */
  'handshake-budget',
  'table-full',
  /** It doesn't open under this handshake. */
  'forged',
  /** An epoch that nobody vouches for who may mint. */
  'unwarranted',
  /** Tried or repeated too often. */
  'worn-out',
] as const;
export type AdmissionDrop = (typeof ADMISSION_DROPS)[number];

/** What was counted since the start; plain numbers that only grow. */
export interface AdmissionCounters {
  readonly drops: Record<AdmissionDrop, number>;
  calls: number;
  cookiesGiven: number;
  handshakesAnswered: number;
  admitted: number;
  refused: number;
  epochsGiven: number;
  epochsTaken: number;
}

export function createAdmissionCounters(): AdmissionCounters {
  const drops = Object.fromEntries(ADMISSION_DROPS.map((drop) => [drop, 0])) as Record<AdmissionDrop, number>;
  return {
    drops,
    calls: 0,
    cookiesGiven: 0,
    handshakesAnswered: 0,
    admitted: 0,
    refused: 0,
    epochsGiven: 0,
    epochsTaken: 0,
  };
}
