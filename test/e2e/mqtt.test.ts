import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AedesBroker } from '../support/mqtt/aedes-broker.ts';
import { RunningProgram } from '../support/mqtt/program.ts';
import { until } from '../support/mqtt/until.ts';

const STATE = 'plant/e2e/bridge/roof/state';

describe('a daemon that publishes to MQTT', () => {
  let folder: string;
  let broker: AedesBroker;
  let programs: RunningProgram[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gv-e2e-'));
    broker = new AedesBroker();
    await broker.start();
    programs = [];
  });

  afterEach(async () => {
    await Promise.all(programs.map((program) => program.kill()));
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  function start(...args: string[]): RunningProgram {
    const program = new RunningProgram(args, { GRIDVINE_SOCKET: join(folder, 'api.sock') });
    programs.push(program);
    return program;
  }

  function startDaemon(): RunningProgram {
    const file = (name: string) => join(folder, name);
    writeFileSync(file('key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const config = {
      name: 'roof',
      cluster: 'e2e',
      keyFile: file('key'),
      dataDir: file('data'),
      bind: ['127.0.0.1:0'],
      interfaces: { only: ['lo'] },
      multicast: 'off',
      sources: [{ kind: 'system', interval: '1s' }],
      mqtt: { url: broker.url, baseTopic: 'plant' },
    };
    writeFileSync(file('gridvine.yaml'), JSON.stringify(config), { mode: 0o600 });
    return start('run', '--config', file('gridvine.yaml'));
  }

  async function health(): Promise<readonly { readonly code: string; readonly text: string }[]> {
    const status = start('status', '--json');
    return (await status.ended) === 0 ? JSON.parse(status.stdout).health : [];
  }

  it('publishes its readings, and is called offline by the broker when it is killed', async () => {
    const daemon = startDaemon();
    const text = await until(() => broker.last('plant/e2e/data/roof/system/memory'), 'a reading arrived');
    const payload = JSON.parse(text);
    assert.equal(payload.unit, '%');
    assert.equal(payload.node, 'roof');
    assert.equal(payload.boot, 1);
    assert.equal(broker.last(STATE), 'online');
    assert.equal(broker.last('plant/e2e/member/roof/state'), 'alive');
    daemon.child.kill('SIGKILL');
    await until(() => broker.last(STATE) === 'offline', 'the will was published');
  });

  it('says that it has left, and is offline, when it is asked to stop', async () => {
    const daemon = startDaemon();
    await until(() => broker.last(STATE) === 'online', 'it is connected');
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0, daemon.stderr);
    assert.equal(broker.publications.filter(({ payload }) => payload === 'offline').length, 1);
    assert.equal(broker.last('plant/e2e/member/roof/state'), 'left');
  });

  it('starts without its broker, says so in its status, and publishes once the broker is there', async () => {
    await broker.stop();
    startDaemon();
    const [item] = await until(async () => {
      const items = (await health()).filter(({ code }) => code.startsWith('mqtt-'));
      return items.length > 0 && items;
    }, 'the condition shows');
    assert.equal(item?.code, 'mqtt-unreachable');
    assert.match(item?.text ?? '', /ECONNREFUSED.*Check mqtt\.url/);
    await broker.start();
    await until(() => broker.last('plant/e2e/data/roof/system/memory'), 'a reading arrived');
    await until(async () => !(await health()).some(({ code }) => code === 'mqtt-unreachable'), 'it cleared');
  });
});
