import type { NoisePattern, NoiseToken } from '#runtime/crypto/noise/pattern.ts';

/** The fundamental patterns (Noise specification revision 34, sections 7.4 and 7.5), in its own notation. */
const NOTATION = `
N:  <- s ... -> e, es
K:  -> s <- s ... -> e, es, ss
X:  <- s ... -> e, es, s, ss
NN: -> e <- e, ee
NK: <- s ... -> e, es <- e, ee
NX: -> e <- e, ee, s, es
KN: -> s ... -> e <- e, ee, se
KK: -> s <- s ... -> e, es, ss <- e, ee, se
KX: -> s ... -> e <- e, ee, se, s, es
XN: -> e <- e, ee -> s, se
XK: <- s ... -> e, es <- e, ee -> s, se
XX: -> e <- e, ee, s, es -> s, se
IN: -> e, s <- e, ee, se
IK: <- s ... -> e, es, s, ss <- e, ee, se
IX: -> e, s <- e, ee, se, s, es
`;

/** A pattern by its name. */
export function noisePatternOf(name: string): NoisePattern {
  const line = NOTATION.split('\n').find((text) => text.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`no pattern ${name}`);
  const [first, second] = line.slice(line.indexOf(':') + 1).split('...');
  const before = second === undefined ? '' : (first ?? '');
  return {
    name,
    known: { initiator: before.includes('-> s'), responder: before.includes('<- s') },
    messages: (second ?? first ?? '')
      .split(/->|<-/)
      .slice(1)
      .map((tokens) => tokens.split(',').map((token) => token.trim() as NoiseToken)),
  };
}
