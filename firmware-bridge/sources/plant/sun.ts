import { getPosition } from 'suncalc';
import { smoothNoise } from './noise.ts';

const MINUTE_MS = 60_000;

/**
 * Irradiance on a horizontal plane under a clear sky, W/m² (Haurwitz 1945, as used by pvlib), from the sun's altitude in
 * degrees. 0 below the horizon, some 1040 in the zenith.
 */
export function clearSkyIrradiance(altitudeDegrees: number): number {
  const cosZenith = Math.sin((altitudeDegrees * Math.PI) / 180);
  return cosZenith <= 0 ? 0 : 1098 * cosZenith * Math.exp(-0.059 / cosZenith);
}

/** The share of clear-sky irradiance, 0.15 to 1, that clouds let through: fair and dull spells, and single clouds. */
export function cloudTransmission(options: { readonly seed: number; readonly timeMs: number }): number {
  const spell = smoothNoise({ ...options, channel: 1, periodMs: 5 * 60 * MINUTE_MS });
  const bank = smoothNoise({ ...options, channel: 2, periodMs: 35 * MINUTE_MS });
  const cloud = smoothNoise({ ...options, channel: 3, periodMs: 4 * MINUTE_MS });
  const cover = 0.5 * spell + 0.3 * bank + 0.2 * cloud;
  // Below 0.4 the sky counts as clear, above 0.85 as overcast.
  const dimming = Math.min(1, Math.max(0, (cover - 0.4) / 0.45));
  return 1 - 0.85 * dimming;
}

/** Irradiance in W/m² at a place (degrees, north and east positive) and Unix time in ms, clouds included. */
export function irradiance(options: {
  readonly latitude: number;
  readonly longitude: number;
  readonly seed: number;
  readonly timeMs: number;
}): number {
  const { altitude } = getPosition(new Date(options.timeMs), options.latitude, options.longitude);
  return clearSkyIrradiance(altitude) * cloudTransmission(options);
}
