import type { ProfileSource } from '../schema.ts';
import { container, genericArm64, genericArmv7, genericX64, virtualMachine } from './generic.ts';
import { linuxCommon } from './linux-common.ts';
import { rpi3bPlus, rpi4b, rpi5, rpiCommon, rpiZero2w } from './raspberry-pi.ts';
import { revpi } from './revpi.ts';

/** The profiles that come with the program. A test checks each of them against the schema. */
export const BUILTIN_PROFILES: readonly ProfileSource[] = [
  linuxCommon,
  rpiCommon,
  rpiZero2w,
  rpi3bPlus,
  rpi4b,
  rpi5,
  revpi,
  genericX64,
  genericArm64,
  genericArmv7,
  container,
  virtualMachine,
];
