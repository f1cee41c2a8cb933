import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `group`: kill -9 the whole process group. `postgres`: immediate shutdown, which takes the backends along. */
export type Ending = 'group' | 'postgres';
type Guarded = { kind: 'process'; id: number; how: Ending } | { kind: 'folder'; id: string };

/** How long a watchdog waits for more to guard: starting one costs a tenth of a command, and tests start commands one after the other. */
const idleMs = 2_000;

let watchdog: ChildProcess | undefined;
let ending: NodeJS.Timeout | undefined;
const guarded = new Set<string>();

/** What is guarded ends or vanishes with this process, however this process dies. */
function guard(what: Guarded): () => void {
  const key = `${what.kind}:${what.id}`;
  if (!watchdog) {
    watchdog = spawn(process.execPath, [fileURLToPath(new URL('watchdog.mjs', import.meta.url))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.stdin?.on('error', () => {});
    watchdog.unref();
    const { stdin } = watchdog;
    if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  }
  clearTimeout(ending);
  guarded.add(key);
  watchdog.stdin?.write(`${JSON.stringify({ add: true, ...what })}\n`);
  return () => {
    if (!guarded.delete(key)) return;
    watchdog?.stdin?.write(`${JSON.stringify({ add: false, ...what })}\n`);
    // An idle watchdog would be a process left behind by a long test run.
    if (guarded.size > 0) return;
    ending = setTimeout(() => {
      watchdog?.stdin?.end();
      watchdog = undefined;
    }, idleMs);
    ending.unref();
  };
}

export const guardProcess = (pid: number, how: Ending): (() => void) =>
  guard({ kind: 'process', id: pid, how });

/** A child that somebody spawned otherwise, guarded until it ends; its group too, where it leads one. */
export function guardChild<Child extends ChildProcess>(child: Child): Child {
  if (child.pid !== undefined) child.once('exit', guardProcess(child.pid, 'group'));
  return child;
}

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A private folder that is gone after `remove` and after any death of this process. */
export async function temporaryFolder(label: string, within = tmpdir()): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(within, `strangler-${label}-`));
  const release = guard({ kind: 'folder', id: path });
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      release();
    },
  };
}
