import { LEASE_NAME_BYTES_MAX } from '../../core/limits.ts';

const FORM = /^[a-z0-9][a-z0-9._-]*$/;
const SHOWN = 80;

/**
 * What is wrong with the name of a lease; undefined: nothing. Names are 1 to 64 of `a-z 0-9 . - _`, beginning with a letter or digit: no
 * paths, so that a name can stand in one segment of a URL, in a file name and in a topic.
 */
export function problemOfLeaseName(name: string): string | undefined {
  if (FORM.test(name) && name.length <= LEASE_NAME_BYTES_MAX) return undefined;
  const shown = JSON.stringify(name.length > SHOWN ? `${name.slice(0, SHOWN)}...` : name);
  if (name.length > LEASE_NAME_BYTES_MAX)
    return `lease ${shown}: expected a name of at most ${LEASE_NAME_BYTES_MAX} characters; got ${name.length}`;
  if (name.includes('/'))
    return `lease ${shown}: expected a name, not a path; write dots for slashes, such as uplink.north`;
  return `lease ${shown}: expected a name of a-z, 0-9, dot, dash and underscore that begins with a letter or digit`;
}
