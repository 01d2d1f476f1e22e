import { readFileSync, writeFileSync } from 'node:fs';
import { projectPath } from '../release/project.ts';
import type { StudyFlags } from './flags.ts';
import { withFigures } from './presets-page.ts';
import { reportPage } from './report-page.ts';
import { type CellStore, studyPath } from './store.ts';
import { StudyResults } from './study-results.ts';

/** Writes what people read of the study. @returns the files. */
export function writePages(options: {
  readonly flags: StudyFlags;
  readonly store: CellStore;
  readonly code: string;
  readonly missing: number;
}): readonly string[] {
  const { flags, store, code, missing } = options;
  const results = new StudyResults(store, flags);
  const report = studyPath('report.html');
  writeFileSync(report, reportPage({ flags, results, code, missing }));
  if (!flags.writesPresets) return [report];
  const presets = projectPath('device', 'presets.md');
  writeFileSync(presets, withFigures(readFileSync(presets, 'utf8'), { sizes: flags.sizes, results, code }));
  return [report, presets];
}
