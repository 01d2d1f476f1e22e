import type { ConfigOf } from '../../config.ts';
import { linkEndpoint, parseLinkAddress } from '../../link-address.ts';
import { registersOf } from '../../protocols/modbus/register-value.ts';
import type { ModbusBusOptions } from './modbus-bus.ts';
import type { ModbusRegister, ModbusSourceOptions } from './modbus-source.ts';

type ModbusConfig = ConfigOf<'modbus'>;
type RegisterConfig = ModbusConfig['registers'][number];

/** The port that Modbus TCP has everywhere. */
const MODBUS_TCP_PORT = 502;

/** Where a bus is, and how requests are framed there. */
export function busOptions(config: {
  readonly address: string;
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}): ModbusBusOptions {
  const { address, baudRate, parity, stopBits } = config;
  const framing = parseLinkAddress(address)?.kind === 'tcp' ? 'tcp' : 'rtu';
  const endpoint = linkEndpoint(address, { line: { baudRate, parity, stopBits }, tcpPort: MODBUS_TCP_PORT });
  return { endpoint, framing };
}

/** What the source needs, from its section of the configuration. */
export function modbusOptions(config: ModbusConfig): ModbusSourceOptions {
  const { name, interval: intervalMs, timeout: timeoutMs, retries, gap } = config;
  const registers = config.registers.map((register) => registerFrom(config, register));
  return { ...busOptions(config), name, intervalMs, timeoutMs, retries, gap, registers };
}

/** The key of a register's readings. */
export function registerKey({ name, keyPrefix = name }: ModbusConfig, { key }: RegisterConfig): string {
  return `${keyPrefix}/${key}`;
}

function registerFrom(config: ModbusConfig, register: RegisterConfig): ModbusRegister {
  const { type, order, length, bit, none, table, at: address, unitId = config.unitId, unit } = register;
  const layout = { type, order, length, bit, none };
  const isBit = table === 'coil' || table === 'discrete';
  return {
    key: registerKey(config, register),
    unitId,
    table,
    address,
    size: isBit ? 1 : registersOf(layout),
    layout,
    ...(unit === undefined ? {} : { unit }),
  };
}
