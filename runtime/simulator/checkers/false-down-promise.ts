import { type EngineSettings, PRESETS, type PresetName, settingsOf } from '../../engine/settings.ts';
import { suspicionTimes } from '../../membership/suspicion.ts';
import type { Latency } from '../latency.ts';
import type { WorldOptions } from '../options.ts';

/** Quartzes are a hundred times better; timers of 5 % less are another, less patient setting. */
const DRIFT_SHARE_MAX = 0.001;
/** Loss each way up to which the promise holds. */
const LOSS_SHARE_MAX = 0.3;
/** Pairs that reach each other one way only, up to which helpers make up for it; not where their detours lose much. */
const ASYMMETRIC_SHARE_MAX = 0.2;
const ASYMMETRIC_LOSS_SHARE_MAX = 0.1;
/** An accusation and its refutation must get about twice within the least suspicion time: a one-way delay is a quarter of it. */
const DELAY_SHARE_MAX = 1 / 4;
/** Jitters above the delay that about 99 of 100 datagrams stay below. */
const JITTERS: Readonly<Record<Latency['shape'], number>> = { uniform: 1, normal: 2.5, pareto: 9 };
/**
 * A stall is no excuse up to this share of the least suspicion time: what is left of it, and of the probe before, is for the
 * refutation, which takes longer where datagrams get lost.
 */
const STALL_SHARE_MAX = 3 / 4;
const STALL_SHARE_MAX_LOSSY = 1 / 2;
const LOSSY_SHARE = 0.05;
/** Settings that make a verdict more patient, or its refutation surer, the greater they are. */
const PATIENCE: readonly (keyof EngineSettings)[] = [
  'probeIntervalMs',
  'probeHelpers',
  'suspicionMultiplier',
  'suspicionMaxFactor',
  'localHealthMax',
  'fanOut',
  'retransmitMultiplier',
];

/**
 * In which simulations no member that runs and can be reached may be called `down`: loss up to 30 % each way; up to a
 * fifth of the pairs one-way, with loss up to 10 %; delays up to a quarter of the least suspicion time, settings no less patient than those of some preset, no cap on
 * bandwidth, clocks that run alike.
 * @returns up to how long a stall or cut of the member is no excuse: three quarters of the least suspicion time [P-6.3], half of it
 * above 5 % loss; undefined where nothing is promised.
 */
export function falseDownPromise(options: WorldOptions): { readonly stallMsMax: number } | undefined {
  const { quality, settings, nodes, asymmetricShare = 0 } = options;
  const { minMs } = suspicionTimes(nodes, settings);
  const { delayMs, jitterMs, shape } = quality.latency;
  const isPatient = (Object.keys(PRESETS) as PresetName[]).some((preset) => {
    const usual = settingsOf(preset);
    return PATIENCE.every((name) => settings[name] >= usual[name]);
  });
  const isPromised =
    isPatient &&
    (options.clockDriftShare ?? 0) <= DRIFT_SHARE_MAX &&
    options.bytesPerSecondMax === undefined &&
    asymmetricShare <= (quality.lossShare > ASYMMETRIC_LOSS_SHARE_MAX ? 0 : ASYMMETRIC_SHARE_MAX) &&
    quality.lossShare <= LOSS_SHARE_MAX &&
    delayMs + JITTERS[shape] * jitterMs <= DELAY_SHARE_MAX * minMs;
  const stallShare = quality.lossShare > LOSSY_SHARE ? STALL_SHARE_MAX_LOSSY : STALL_SHARE_MAX;
  return isPromised ? { stallMsMax: stallShare * minMs } : undefined;
}
