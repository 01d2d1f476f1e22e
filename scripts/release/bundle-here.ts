import { bundleProgram } from './bundle.ts';
import { readSourceInfo } from './project.ts';

/** Bundles the sources as they are into `build/dev/`, for running on this machine, and returns the path of the script. */
export async function bundleForHere(): Promise<string> {
  const options = { entry: 'device/main.ts', source: readSourceInfo(), directory: 'build/dev' };
  return (await bundleProgram(options)).path;
}
