// Cleans up for a parent that could not: a process of its own, so that it survives kill -9 of whoever started it.
// stdin tells what to guard, one JSON line each; its end means that the parent is gone.
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const guarded = { process: new Map(), folder: new Map() };
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const { add, kind, id, how } = JSON.parse(line);
  if (add) guarded[kind].set(id, how);
  else guarded[kind].delete(id);
}

const send = (pid, signal) => {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
};

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    // Where nobody reaps, a dead process stays visible as a zombie.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return error.code === 'ENOENT' && process.platform !== 'linux';
  }
};

for (const [pid, how] of guarded.process) {
  if (how === 'group') send(-pid, 'SIGKILL');
  send(pid, how === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
}
const deadline = Date.now() + 5_000;
while ([...guarded.process.keys()].some(alive) && Date.now() < deadline)
  await new Promise((resolve) => setTimeout(resolve, 20));
for (const pid of guarded.process.keys()) if (alive(pid)) send(pid, 'SIGKILL');
for (const folder of guarded.folder.keys())
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
