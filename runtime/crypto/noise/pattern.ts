/** A token of a message pattern (Noise specification revision 34, section 7.1). */
export type NoiseToken = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss';

/** Who begins, and who answers. */
export type NoiseRole = 'initiator' | 'responder';

/** A handshake pattern (section 7): which keys are known beforehand, and what each message carries in turn. */
export interface NoisePattern {
  /** As in the protocol's name: `XX`. */
  readonly name: string;
  /** Static keys that the other side knows before the first message. */
  readonly known: { readonly initiator: boolean; readonly responder: boolean };
  /** The tokens of each message, the initiator's first; the two speak in turn. */
  readonly messages: readonly (readonly NoiseToken[])[];
}

/** XX (section 7.5): neither knows the other's static key beforehand; both send theirs, encrypted [P-12.1]. */
export const NOISE_XX: NoisePattern = {
  name: 'XX',
  known: { initiator: false, responder: false },
  messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']],
};

/** The whole name, which both sides hash first (section 8): only this choice of functions is implemented. */
export function noiseProtocolName(pattern: NoisePattern): string {
  return `Noise_${pattern.name}_25519_ChaChaPoly_SHA256`;
}
