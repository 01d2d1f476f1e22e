import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHEAP, PASSPHRASE } from '../unit/device/ca/world.ts';
import { gridvine } from '../unit/device/cli/run.ts';
import {
  createPlayground,
  type DaemonOptions,
  type Playground,
  type RunningDaemon,
  startDaemon,
} from './daemon.ts';

export const CLUSTER = 'hillside';

/** A CA, and boards that it certifies, as people do it. */
export class Site {
  readonly playground: Playground & { close(): void } = createPlayground();
  readonly daemons: RunningDaemon[] = [];
  /** Of the CA, below the playground. */
  directory = 'ca';
  /** What the CA's clock says. */
  nowSeconds = Math.floor(Date.now() / 1_000);

  path(...names: string[]): string {
    return join(this.playground.directory, ...names);
  }

  async cli(argv: readonly string[]): Promise<string> {
    const nowSeconds = () => this.nowSeconds;
    const { code, stdout, stderr } = await gridvine(argv, { passphraseCost: CHEAP, nowSeconds });
    assert.equal(code, 0, `gridvine ${argv.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** A command at the CA that `directory` holds. */
  ca(command: string, ...argv: string[]): Promise<string> {
    const secret = ['--passphrase-file', this.path('pass')];
    return this.cli(['ca', command, '--dir', this.path(this.directory), ...secret, ...argv]);
  }

  async init(): Promise<void> {
    writeFileSync(this.path('pass'), `${PASSPHRASE}\n`, { mode: 0o600 });
    await this.ca('init', '--cluster', CLUSTER);
  }

  async certify(name: string, ...flags: string[]): Promise<void> {
    const board = ['--name', name, '--cluster', CLUSTER, '--data-dir', this.path(name, 'data')];
    writeFileSync(this.path(`${name}.request`), await this.cli(['identity', 'request', ...board]));
    rmSync(this.path(`${name}.cert`), { force: true });
    await this.ca('issue', this.path(`${name}.request`), '--out', this.path(`${name}.cert`), ...flags);
    await this.cli(['identity', 'install', this.path(`${name}.cert`), ...board]);
  }

  async start(name: string, options: Partial<DaemonOptions> = {}): Promise<RunningDaemon> {
    const join = this.daemons.filter((daemon) => daemon.name !== name).map(({ bind }) => bind);
    const { args = [], ...rest } = options;
    const daemon = await startDaemon(this.playground, {
      name,
      join,
      security: 'certificates',
      args: ['--cluster', CLUSTER, ...args],
      ...rest,
    });
    this.daemons.push(daemon);
    return daemon;
  }

  /** Stops a daemon and starts it again where it was, with what is installed by then. */
  async restart(name: string, options: Partial<DaemonOptions> = {}): Promise<RunningDaemon> {
    const index = this.daemons.findIndex((daemon) => daemon.name === name);
    const [before] = this.daemons.splice(index, 1);
    assert.ok(before !== undefined, `${name} runs`);
    await before.stop();
    return this.start(name, { bind: before.bind, ...options });
  }

  async close(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.stop()));
    this.playground.close();
  }
}
