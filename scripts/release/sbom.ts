import { createHash } from 'node:crypto';
import type { ThirdParty } from './packages.ts';
import type { SourceInfo } from './project.ts';

/** What the bill of materials says about the runtime inside the binaries. */
export type RuntimeInfo = {
  readonly version: string;
  /** Names and versions of what is linked into Node, as `process.versions` gives them. */
  readonly linked: Readonly<Record<string, string | undefined>>;
};

/** Entries of `process.versions` that are interface numbers or Node itself, not software with a version. */
const NOT_SOFTWARE: ReadonlySet<string> = new Set(['node', 'modules', 'napi', 'cldr', 'tz', 'unicode']);

/**
 * The bill of materials of a release, CycloneDX 1.6: packages that are really in the bundle, and the runtime.
 * Time and serial number are made from the source and the content, so that a rebuild gives the same document.
 */
export function billOfMaterials(
  source: SourceInfo,
  packages: readonly ThirdParty[],
  runtime: RuntimeInfo,
): Readonly<Record<string, unknown>> {
  const application = {
    type: 'application',
    'bom-ref': `gridvine@${source.version}`,
    name: 'gridvine',
    version: source.version,
    licenses: [{ license: { id: 'Apache-2.0' } }],
    properties: [{ name: 'gridvine:commit', value: source.commit }],
  };
  const components = [...packages.map(packageComponent), runtimeComponent(runtime)];
  const body = {
    metadata: { timestamp: new Date(source.epochSeconds * 1000).toISOString(), component: application },
    components,
    dependencies: [
      { ref: application['bom-ref'], dependsOn: components.map((component) => component['bom-ref']) },
    ],
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${contentUuid(JSON.stringify(body))}`,
    version: 1,
    ...body,
  };
}

function packageComponent({ name, version, licence, sha512 }: ThirdParty) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    licenses: [/ (OR|AND) /.test(licence) ? { expression: licence } : { license: { id: licence } }],
    ...(sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    purl,
  };
}

function runtimeComponent({ version, linked }: RuntimeInfo) {
  const purl = `pkg:generic/nodejs@${version}`;
  const parts = Object.entries(linked)
    .filter(([name, value]) => value !== undefined && value !== '' && !NOT_SOFTWARE.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    type: 'platform',
    'bom-ref': purl,
    name: 'nodejs',
    version,
    licenses: [{ license: { id: 'MIT' } }],
    purl,
    components: parts.map(([name, value]) => ({
      type: 'library',
      'bom-ref': `${purl}#${name}`,
      name,
      version: value,
    })),
  };
}

/** A version 8 UUID (RFC 9562 section 5.8) made from content. */
function contentUuid(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
