import * as v from 'valibot';
import { formatDuration, parseDuration } from '#runtime/core/durations.ts';
import { EPOCH_MS_MAX, EPOCH_MS_MIN, UNSIGNED_PREFIXES_MAX } from '#runtime/driver/node-options.ts';

const FILE = 'the path of a file';
const ROOTS_MAX = 4;
const PREFIX_BYTES_MAX = 255;

const file = v.pipe(
  v.string(FILE),
  v.check((text) => /^[^\0]+$/.test(text), FILE),
);

const PREFIX = `the beginning of a key, 1 to ${PREFIX_BYTES_MAX} bytes`;
const prefix = v.pipe(
  v.string(PREFIX),
  v.check((text) => text !== '' && Buffer.byteLength(text) <= PREFIX_BYTES_MAX, PREFIX),
);

const EPOCH = `a duration from ${formatDuration(EPOCH_MS_MIN)} to ${formatDuration(EPOCH_MS_MAX)}, such as 24h`;
/** Milliseconds. */
const epoch = v.pipe(
  v.string(EPOCH),
  v.transform((text) => parseDuration(text) ?? Number.NaN),
  v.check((ms) => ms >= EPOCH_MS_MIN && ms <= EPOCH_MS_MAX, EPOCH),
);

const ONLY = 'nothing, unless security.mode is certificates';

/** The `security` section: by what a node is let into its cluster. */
export const securitySchema = v.pipe(
  v.strictObject(
    {
      mode: v.picklist(['psk', 'certificates'], 'one of psk, certificates'),
      certificate: v.optional(file),
      roots: v.optional(
        v.pipe(v.array(file, 'a list of files'), v.maxLength(ROOTS_MAX, `at most ${ROOTS_MAX} files`)),
      ),
      unsignedPrefixes: v.optional(
        v.pipe(
          v.array(prefix, 'a list of beginnings of keys'),
          v.maxLength(UNSIGNED_PREFIXES_MAX, `at most ${UNSIGNED_PREFIXES_MAX} entries`),
        ),
      ),
      epoch: v.optional(epoch),
      registrar: v.optional(v.boolean('true or false')),
    },
    'a section with mode, and certificate, roots, unsignedPrefixes, epoch, registrar',
  ),
  v.forward(
    v.check(({ mode, certificate }) => mode === 'certificates' || certificate === undefined, ONLY),
    ['certificate'],
  ),
  v.forward(
    v.check(({ mode, roots }) => mode === 'certificates' || roots === undefined, ONLY),
    ['roots'],
  ),
  v.forward(
    v.check(({ mode, unsignedPrefixes }) => mode === 'certificates' || unsignedPrefixes === undefined, ONLY),
    ['unsignedPrefixes'],
  ),
  v.forward(
    v.check(({ mode, epoch }) => mode === 'certificates' || epoch === undefined, ONLY),
    ['epoch'],
  ),
  v.forward(
    v.check(({ mode, registrar }) => mode === 'certificates' || registrar === undefined, ONLY),
    ['registrar'],
  ),
);
