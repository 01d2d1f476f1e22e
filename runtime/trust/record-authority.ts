import type { NodeId } from '../core/ids.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { RecordSigningInput } from '../crypto/record-signature.ts';
import type { GuardedRecord, GuardRefusal, RecordGuard } from '../data/record-guard.ts';
import { hasRight, mayGovern, mayWrite } from '../pki/policy.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import type { CertificateBook } from './certificate-book.ts';
import { CERTIFICATE_KEY, decodeCertificateRecord } from './certificate-record.ts';
import { EPOCH_KEY } from './epoch-records.ts';
import type { FleetLaw } from './fleet-law.ts';

/** The node's own records are signed whatever the settings say. */
const RESERVED = /^(node$|accuse\/|sys\/)/;
/** And so are those on which the whole fleet acts [P-11.16]. */
const ALWAYS_SIGNED = /^(node$|accuse\/|sys\/|fleet\/)/;

export interface RecordAuthorityOptions {
  readonly provider: CryptoProvider;
  readonly cluster: string;
  readonly identity: Identity;
  readonly law: FleetLaw;
  readonly book: CertificateBook;
  /** Application keys that begin so travel unsigned: for readings so frequent that signing them costs too much. The same on all nodes. */
  readonly unsignedPrefixes?: readonly string[];
}

/** Signs what this node says, and judges what others are said to have said: by their certificates, by revocations and by the policy. */
export class RecordAuthority implements RecordGuard {
  readonly signs = true;
  readonly #options: RecordAuthorityOptions;
  readonly #input: RecordSigningInput;
  readonly #unsigned: readonly string[];

  constructor(options: RecordAuthorityOptions) {
    this.#options = options;
    this.#input = new RecordSigningInput(options.cluster);
    this.#unsigned = options.unsignedPrefixes ?? [];
  }

  sign(key: string, body: Uint8Array): Uint8Array | undefined {
    const { identity } = this.#options;
    return this.#mayBeUnsigned(key) ? undefined : identity.sign(this.#input.of(identity.id, body));
  }

  refusal(owner: NodeId, record: GuardedRecord): GuardRefusal | undefined {
    const { law, book, provider } = this.#options;
    if (law.isRevoked(owner)) return 'revoked';
    if (record.key === CERTIFICATE_KEY && !this.#learn(owner, record.body)) return 'no-certificate';
    const certificate = book.get(owner);
    if (certificate === undefined) return 'no-certificate';
    if (law.hasLapsed(certificate)) return 'revoked';
    const { signature } = record;
    if (signature === undefined) {
      if (!this.#mayBeUnsigned(record.key)) return 'unsigned';
    } else if (!provider.verify(certificate.signingKey, this.#input.of(owner, record.body), signature))
      return 'bad-signature';
    return this.#mayWriteOf(certificate.groups, record.key) ? undefined : 'not-allowed';
  }

  /** Whether this node itself may write the key. */
  mayWriteOwn(key: string): boolean {
    return this.mayWrite(this.#options.identity.id, key);
  }

  /** Whether a member's certificate entitles it to write the key, by the policy that is known now. */
  mayWrite(owner: NodeId, key: string): boolean {
    const certificate = this.#options.book.get(owner);
    return certificate !== undefined && this.#mayWriteOf(certificate.groups, key);
  }

  /** Whether a member may write a key on which the whole fleet acts [P-11.16]. */
  isEntitled(owner: NodeId, key: string): boolean {
    const { law, book } = this.#options;
    const certificate = book.get(owner);
    if (certificate === undefined || law.isRevoked(owner) || law.hasLapsed(certificate)) return false;
    return mayGovern(law.policy, certificate.groups, key);
  }

  #mayWriteOf(groups: readonly string[], key: string): boolean {
    const { policy } = this.#options.law;
    if (key === EPOCH_KEY || key.startsWith(`${EPOCH_KEY}/`)) return hasRight(policy, groups, 'mint');
    return RESERVED.test(key) || mayWrite(policy, groups, key);
  }

  /** A certificate brings itself: it stands by its issuer's signature, for the node whose key it certifies. */
  #learn(owner: NodeId, body: Uint8Array): boolean {
    const chain = decodeCertificateRecord(decodeRecord(body)?.value);
    if (chain === undefined) return false;
    const known = this.#options.book.get(owner);
    const learned = this.#options.book.learn(chain);
    if ('refusal' in learned) return known !== undefined;
    return learned.value.id === owner;
  }

  #mayBeUnsigned(key: string): boolean {
    return !ALWAYS_SIGNED.test(key) && this.#unsigned.some((prefix) => key.startsWith(prefix));
  }
}
