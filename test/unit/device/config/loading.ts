import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConfigFlags } from '#device/config/flags.ts';
import { type ProfileDefaults, readConfigSources, resolveConfig } from '#device/config/load-config.ts';
import { ConfigError, formatProblem } from '#device/config/problem.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const FILE = 'etc/gridvine/gridvine.yaml';

export interface Given {
  readonly flags?: ConfigFlags;
  readonly env?: Record<string, string>;
  readonly yaml?: string;
  readonly profile?: ProfileDefaults;
}

/** A configuration, as a machine whose only file of it is `yaml` loads it. */
export async function load(t: TestContext, given: Given) {
  const sources = await sourcesOf(t, given);
  return { file: join(sources.sysroot, FILE), config: resolveConfig(sources, given.profile) };
}

/** What is said on a machine whose only file of it is `yaml`. */
export async function sourcesOf(t: TestContext, { flags = {}, env = {}, yaml }: Given) {
  const sysroot = await temporaryDirectory(t);
  const file = join(sysroot, FILE);
  if (yaml !== undefined) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, yaml);
  }
  const context = { env: { HOME: '/home/u', XDG_RUNTIME_DIR: '/run/user/1', ...env }, root: false, sysroot };
  return { sysroot, ...(await readConfigSources(flags, context)) };
}

/** The lines that a configuration is refused with. */
export async function problems(t: TestContext, given: Given): Promise<string[]> {
  try {
    await load(t, given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, 'E_CONFIG');
    assert.equal(error.message, error.problems.map(formatProblem).join('\n'));
    return error.message.split('\n');
  }
  return assert.fail('it was accepted');
}
