export { ManualTime } from '#runtime/testing/manual-time.ts';
