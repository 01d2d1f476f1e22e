import type { ConfigOf, MetricConfig } from '../../config.ts';
import { linkEndpoint } from '../../link-address.ts';
import { HEX_REGISTERS, type HexRegister } from '../../protocols/vedirect/hex-registers.ts';
import { VEDIRECT_LINE, type VedirectSourceOptions } from './vedirect-source.ts';

type VedirectConfig = ConfigOf<'vedirect'>;

/** What the source needs, from its section of the configuration. */
export function vedirectOptions(config: VedirectConfig): VedirectSourceOptions {
  const { name, keyPrefix = name, only, serialNumber, registersInterval: registersIntervalMs } = config;
  const endpoint = linkEndpoint(config.address, { line: VEDIRECT_LINE });
  const registers = config.registers.map(registerFrom);
  return { name, endpoint, keyPrefix, only, serialNumber, registers, registersIntervalMs };
}

/** A register that was asked for in vain so many times is stale. */
const STALE_ROUNDS = 3;

/** Rules for the registers: they come in rounds of their own, more seldom than the text. */
export function registerRules({
  name,
  keyPrefix = name,
  registers,
  registersInterval,
  silentAfter,
}: VedirectConfig): readonly MetricConfig[] {
  const staleAfter = Math.max(silentAfter, STALE_ROUNDS * registersInterval);
  return registers.map((register) =>
    typeof register === 'string'
      ? { key: `${keyPrefix}/${register}`, staleAfter }
      : { staleAfter, ...register, key: `${keyPrefix}/${register.key}` },
  );
}

function registerFrom(config: VedirectConfig['registers'][number]): HexRegister {
  if (typeof config !== 'string') return config;
  const known = HEX_REGISTERS.find(({ key }) => key === config);
  // The schema takes no other key.
  if (known === undefined) throw new Error(`no register ${config}`);
  return known;
}
