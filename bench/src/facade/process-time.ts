import { readdir, readFile } from 'node:fs/promises';

/** Of the Linux kernel; the same on all its machines. */
const ticksPerSecond = 100;
const pageBytes = 4_096;

export interface ProcessUse {
  /** Processor time since the start, user and system, seconds. */
  readonly seconds: number;
  /** Resident memory now, bytes. */
  readonly bytes: number;
}

async function one(pid: number): Promise<ProcessUse> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // the name stands in parentheses and may hold spaces
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { seconds: (field(14) + field(15)) / ticksPerSecond, bytes: field(24) * pageBytes };
}

async function children(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

/** What a process and its children took so far. Linux only. */
export async function processUse(pid: number): Promise<ProcessUse> {
  const uses = await Promise.all([pid, ...(await children(pid))].map(one));
  return {
    seconds: uses.reduce((sum, use) => sum + use.seconds, 0),
    bytes: uses.reduce((sum, use) => sum + use.bytes, 0),
  };
}
