import { loadDemand } from './load.ts';
import { irradiance } from './sun.ts';

/** Size, place and weather of the simulated plant. */
export interface PlantOptions {
  /** Degrees, -90 to 90, north positive. */
  readonly latitude: number;
  /** Degrees, -180 to 180, east positive. */
  readonly longitude: number;
  /** Panel power at 1000 W/m². */
  readonly panelWatts: number;
  readonly batteryWh: number;
  /** Most that the battery takes or gives, W. */
  readonly batteryWattsMax: number;
  /** Charge at the start, 0 to 100 %. */
  readonly initialSocPercent: number;
  /** Mean of the consumers' demand over a day, W. */
  readonly loadWatts: number;
  /** Integer; the same seed gives the same clouds and consumers. */
  readonly seed: number;
}

/**
 * The plant over one step, in W unless said otherwise. It balances: `pv = battery + load`, where `battery` is positive
 * while it charges.
 */
export interface PlantState {
  /** W/m². */
  readonly irradiance: number;
  /** Power taken from the panels. */
  readonly pv: number;
  /** Power that the panels could have given beyond that, with the battery full or at its limit. */
  readonly curtailed: number;
  readonly battery: number;
  /** Power delivered to the consumers. */
  readonly load: number;
  /** Power they asked for beyond that and did not get. */
  readonly unserved: number;
  /** Energy in the battery after the step, Wh, 0 to `batteryWh`. */
  readonly storedWh: number;
}

/** Wiring, temperature and converter losses between the panel's label and the bus. */
const PANEL_EFFICIENCY = 0.85;
/** Share of the energy that survives each way into and out of the battery. */
export const ONE_WAY_EFFICIENCY = 0.96;

const HOUR_MS = 3_600_000;

/** Power flows from `storedWh` onwards over `stepMs`, with the sun and the demand of `timeMs`. Pure. */
export function plantStep(
  options: PlantOptions,
  step: { readonly storedWh: number; readonly timeMs: number; readonly stepMs: number },
): PlantState {
  const hours = step.stepMs / HOUR_MS;
  const sun = irradiance({ ...options, timeMs: step.timeMs });
  const available = (sun / 1000) * options.panelWatts * PANEL_EFFICIENCY;
  const demand = loadDemand({ ...options, meanWatts: options.loadWatts, timeMs: step.timeMs });
  const surplus = available - demand;

  const roomWatts = Math.max(0, options.batteryWh - step.storedWh) / ONE_WAY_EFFICIENCY / hours;
  const chargeWatts = Math.min(Math.max(0, surplus), options.batteryWattsMax, roomWatts);
  const heldWatts = (Math.max(0, step.storedWh) * ONE_WAY_EFFICIENCY) / hours;
  const dischargeWatts = Math.min(Math.max(0, -surplus), options.batteryWattsMax, heldWatts);

  const load = Math.min(demand, available + dischargeWatts);
  const pv = Math.min(available, load + chargeWatts);
  const gainedWh = (chargeWatts * ONE_WAY_EFFICIENCY - dischargeWatts / ONE_WAY_EFFICIENCY) * hours;
  return {
    irradiance: sun,
    pv,
    curtailed: available - pv,
    battery: chargeWatts - dischargeWatts,
    load,
    unserved: demand - load,
    // Only rounding can lead outside; it must not accumulate.
    storedWh: Math.min(options.batteryWh, Math.max(0, step.storedWh + gainedWh)),
  };
}
