import * as v from 'valibot';
import { common, KEY_GLOB, NAME, NAME_PHRASE, silentAfter } from './config-common.ts';
import { section, textField } from './config-fields.ts';
import { type LinkAddress, parseLinkAddress } from './link-address.ts';

/* The sections of `sources:` that read field buses. */

const SERIAL_EXAMPLE = '/dev/serial/by-id/usb-VictronEnergy_BV_VE_Direct_cable_VE1ABCDE-if00-port0';

/** A key without slashes at its ends. */
const KEY_PREFIX = /^[A-Za-z0-9._~:@/-]*[A-Za-z0-9._~:@-]$/;

/** What every field bus source has: a prefix of its own for its keys (the source's name), and a choice of keys. */
const keys = {
  keyPrefix: v.optional(textField('a key without slashes at its ends, such as pump-house', KEY_PREFIX)),
  only: v.optional(
    v.pipe(
      v.array(
        textField('a key or a pattern such as battery/* or **', KEY_GLOB),
        'a list of keys or patterns',
      ),
      v.minLength(1, 'at least one key or pattern'),
    ),
    ['**'],
  ),
};

/** An address of one of these kinds. @param phrase what is expected, for people */
function addressField(kinds: readonly LinkAddress['kind'][], phrase: string) {
  return v.pipe(
    v.string(phrase),
    v.check((text) => {
      const address = parseLinkAddress(text);
      return address !== undefined && kinds.includes(address.kind);
    }, phrase),
  );
}

const VEDIRECT_ADDRESS = `a serial port such as ${SERIAL_EXAMPLE}, or tcp://HOST:PORT`;

/** The section of `kind: vedirect`. */
export const vedirectSchema = section(
  {
    kind: v.literal('vedirect'),
    name: textField(NAME_PHRASE, NAME),
    address: v.pipe(addressField(['serial', 'tcp'], VEDIRECT_ADDRESS), v.check(hasPort, VEDIRECT_ADDRESS)),
    serialNumber: v.optional(textField('a serial number as the device tells it (SER#)', /^[!-~]{1,32}$/)),
    silentAfter: v.optional(silentAfter, '10s'),
    ...keys,
    ...common,
  },
  { name: NAME_PHRASE, address: VEDIRECT_ADDRESS },
);

/** VE.Direct has no port of its own: a gateway's has to be named. */
function hasPort(text: string): boolean {
  const address = parseLinkAddress(text);
  return address?.kind === 'serial' || address?.port !== undefined;
}
