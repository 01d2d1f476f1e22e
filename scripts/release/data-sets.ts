import { readFileSync } from 'node:fs';
import type { ThirdParty } from './packages.ts';
import { projectPath, readJson } from './project.ts';

/** Data of others that is in the bundle, and in no package: it is named in the licence document beside the packages. */
export function readDataSets(): readonly ThirdParty[] {
  const { notice, commit } = readJson<{ readonly notice: string; readonly commit: string }>(
    'firmware-bridge/protocols/sunspec/models.json',
  );
  return [
    {
      name: 'sunspec/models',
      version: commit.slice(0, 7),
      licence: 'Apache-2.0',
      author: 'SunSpec Alliance',
      sha512: undefined,
      // Theirs is word for word the licence of this project.
      texts: [
        { file: 'NOTICE', text: notice },
        { file: 'LICENSE', text: readFileSync(projectPath('LICENSE'), 'utf8').trim() },
      ],
    },
  ];
}
