import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import type { Child, ChildCommand, ChildEvents, ChildExit, ProcessPort } from './process-port.ts';

/** How long, in ms, a dead child's pipes may stay open (a grandchild that left the group can hold them). */
const PIPES_CLOSE_MS = 500;

/** Starts children of this process, each in a group of its own. */
export function nodeProcesses(): ProcessPort {
  return { spawn: spawnChild, environment: process.env };
}

function spawnChild(command: ChildCommand, events: ChildEvents): Child {
  let child: ChildProcess;
  try {
    child = spawn(command.program, [...command.args], {
      cwd: command.cwd,
      env: { ...command.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A session of its own, hence a group of its own: `signalGroup` reaches the child's children too.
      detached: true,
    });
  } catch (error) {
    // A NUL in an argument, or no memory to fork: Node throws these instead of emitting them.
    queueMicrotask(() => events.exited({ code: null, signal: null, error: (error as Error).message }));
    return { pauseStdout() {}, resumeStdout() {}, signalGroup() {} };
  }
  reportEnd(child, events);
  child.stdout?.on('data', (bytes: Uint8Array) => events.stdout(bytes));
  child.stderr?.on('data', (bytes: Uint8Array) => events.stderr(bytes));
  // A child that closes its standard input early is its own business.
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.on('error', () => {});
  if (command.input !== undefined) child.stdin?.end(command.input);
  return {
    pauseStdout: () => void child.stdout?.pause(),
    resumeStdout: () => void child.stdout?.resume(),
    signalGroup(signal) {
      // Once it has ended, its number may already belong to somebody else.
      if (child.exitCode === null && child.signalCode === null) killGroup(child, signal);
    },
  };
}

function reportEnd(child: ChildProcess, events: ChildEvents): void {
  let ended: ChildExit | undefined;
  let reported = false;
  const report = (exit: ChildExit) => {
    if (reported) return;
    reported = true;
    child.stdin?.destroy();
    child.stdout?.destroy();
    child.stderr?.destroy();
    events.exited(exit);
  };
  child.once('error', (error) => {
    // Also emitted where a signal can't be sent; only without a pid does it mean that nothing was started.
    if (child.pid === undefined) report({ code: null, signal: null, error: error.message });
  });
  child.once('exit', (code, signal) => {
    const exit = { code, signal };
    ended = exit;
    killGroup(child, 'SIGKILL');
    child.stdout?.resume();
    setTimeout(() => report(exit), PIPES_CLOSE_MS).unref();
  });
  child.once('close', () => {
    if (ended !== undefined) report(ended);
  });
}

function killGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nothing is left of the group.
  }
}
