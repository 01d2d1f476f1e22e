import * as v from 'valibot';
import {
  common,
  INTERVAL,
  KEY_GLOB,
  metricEntries,
  NAME,
  NAME_PHRASE,
  silentAfter,
} from './config-common.ts';
import { durationField, integerField, section, textField } from './config-fields.ts';
import { KEYS_PER_SOURCE_MAX } from './limits.ts';
import { type LinkAddress, parseLinkAddress } from './link-address.ts';
import { PARITIES } from './ports/link-port.ts';
import { MODBUS_TABLES } from './protocols/modbus/read-request.ts';
import { BYTE_ORDERS, NUMBER_TYPES } from './protocols/modbus/register-value.ts';
import { HEX_REGISTERS, HEX_TYPES } from './protocols/vedirect/hex-registers.ts';

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

const HEX_KEYS = HEX_REGISTERS.map(({ key }) => key);
const HEX_PHRASE = `one of ${HEX_KEYS.join(', ')}; or {register: 0xEDDB, key: charger/temperature, type: s16, scale: 0.01}`;

const hexRegisterSchema = v.union(
  [
    v.picklist(HEX_KEYS, HEX_PHRASE),
    section(
      {
        ...metricEntries,
        register: integerField('register', { min: 0, max: 0xffff }),
        key: textField('a key, such as charger/temperature', KEY_PREFIX),
        type: v.picklist(HEX_TYPES, `one of ${HEX_TYPES.join(', ')}`),
      },
      {
        register: 'a register, such as 0xEDDB',
        key: 'a key, such as charger/temperature',
        type: `one of ${HEX_TYPES.join(', ')}`,
      },
    ),
  ],
  HEX_PHRASE,
);

/** The section of `kind: vedirect`. */
export const vedirectSchema = section(
  {
    kind: v.literal('vedirect'),
    name: textField(NAME_PHRASE, NAME),
    address: v.pipe(addressField(['serial', 'tcp'], VEDIRECT_ADDRESS), v.check(hasPort, VEDIRECT_ADDRESS)),
    serialNumber: v.optional(textField('a serial number as the device tells it (SER#)', /^[!-~]{1,32}$/)),
    registers: v.optional(v.array(hexRegisterSchema, 'a list of registers'), []),
    // Chargers with older firmware keep their text back for seconds after each question.
    registersInterval: v.optional(durationField({ min: 10_000, max: 86_400_000 }), '30s'),
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

const MODBUS_ADDRESS =
  'tcp://HOST[:502], rtu+tcp://HOST:PORT, or a serial port such as /dev/serial/by-id/usb-FTDI_USB-RS485_Cable-if00-port0';
const BAUD_RATES = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200] as const;
const REGISTERS_PHRASE = 'a list of registers, such as [{key: meter/power, at: 12, type: f32}]';

const unitId = integerField('unit id, 1 to 247 on serial lines', { min: 0, max: 255 });

/** Where a Modbus bus is and how it is spoken to. */
const modbusBus = {
  address: v.pipe(
    addressField(['serial', 'tcp', 'rtu+tcp'], MODBUS_ADDRESS),
    v.check((text) => !text.startsWith('rtu+tcp:') || hasPort(text), MODBUS_ADDRESS),
  ),
  baudRate: v.optional(v.picklist(BAUD_RATES, `one of ${BAUD_RATES.join(', ')}`), 9600),
  parity: v.optional(v.picklist(PARITIES, `one of ${PARITIES.join(', ')}`), 'none'),
  stopBits: v.optional(v.picklist([1, 2], '1 or 2'), 1),
  timeout: v.optional(durationField({ min: 10, max: 60_000 }), '1s'),
  retries: v.optional(integerField('further attempts', { min: 0, max: 10 }), 2),
};

const registerSchema = v.pipe(
  section(
    {
      ...metricEntries,
      key: textField('a key, such as meter/power', KEY_PREFIX),
      at: integerField('address as it goes over the wire, counted from 0', { min: 0, max: 65_535 }),
      table: v.optional(v.picklist(MODBUS_TABLES, `one of ${MODBUS_TABLES.join(', ')}`), 'holding'),
      unitId: v.optional(unitId),
      type: v.optional(
        v.picklist([...NUMBER_TYPES, 'text', 'bit'], `one of ${NUMBER_TYPES.join(', ')}, text, bit`),
        'u16',
      ),
      order: v.optional(v.picklist(BYTE_ORDERS, `one of ${BYTE_ORDERS.join(', ')}`), 'ABCD'),
      length: v.optional(integerField('registers of a text', { min: 1, max: 125 })),
      bit: v.optional(integerField('which bit, 0 the lowest', { min: 0, max: 15 })),
      none: v.optional(
        v.array(integerField('raw number', { min: -(2 ** 53), max: 2 ** 53 }), 'a list of raw numbers'),
      ),
    },
    { key: 'a key, such as meter/power', at: 'an address, counted from 0' },
  ),
  v.forward(
    v.partialCheck(
      [['type'], ['length']],
      ({ type, length }) => (type === 'text') === (length !== undefined),
      'a length in registers with type text, and with no other',
    ),
    ['length'],
  ),
  v.forward(
    v.partialCheck(
      [['type'], ['bit']],
      ({ type, bit }) => (type === 'bit') === (bit !== undefined),
      'a bit from 0 to 15 with type bit, and with no other',
    ),
    ['bit'],
  ),
);

/** The section of `kind: modbus`. */
export const modbusSchema = section(
  {
    kind: v.literal('modbus'),
    name: textField(NAME_PHRASE, NAME),
    ...modbusBus,
    interval: v.optional(durationField(INTERVAL), '5s'),
    unitId: v.optional(unitId, 1),
    gap: v.optional(integerField('registers', { min: 0, max: 100 }), 0),
    registers: v.pipe(
      v.array(registerSchema, REGISTERS_PHRASE),
      v.minLength(1, REGISTERS_PHRASE),
      v.maxLength(KEYS_PER_SOURCE_MAX, `at most ${KEYS_PER_SOURCE_MAX} registers`),
    ),
    silentAfter: v.optional(silentAfter),
    keyPrefix: keys.keyPrefix,
    ...common,
  },
  { name: NAME_PHRASE, address: MODBUS_ADDRESS, registers: REGISTERS_PHRASE },
);

const pointSchema = section(
  {
    model: integerField('model', { min: 1, max: 65_534 }),
    point: textField(
      'a point as `gridvine sunspec dump` shows it, such as StVnd or module/*/Tmp',
      /^[A-Za-z0-9_]+(\/(\*|[A-Za-z0-9_]+))*$/,
    ),
    key: textField('a key, such as inverter/vendor-state or mppt/*/temperature', /^[A-Za-z0-9._~:@*/-]+$/),
  },
  { model: 'the id of a model', point: 'a point of the model, such as StVnd', key: 'a key' },
);

/** The section of `kind: sunspec`. */
export const sunspecSchema = section(
  {
    kind: v.literal('sunspec'),
    name: textField(NAME_PHRASE, NAME),
    ...modbusBus,
    interval: v.optional(durationField(INTERVAL), '5s'),
    unitId: v.optional(unitId, 1),
    base: v.optional(integerField('address of the marker SunS', { min: 0, max: 65_535 })),
    serialNumber: v.optional(
      textField('a serial number as the device tells it (SN of model 1)', /^[!-~]([ -~]{0,30}[!-~])?$/),
    ),
    points: v.optional(v.array(pointSchema, 'a list of points'), []),
    silentAfter: v.optional(silentAfter),
    ...keys,
    ...common,
  },
  { name: NAME_PHRASE, address: MODBUS_ADDRESS },
);
