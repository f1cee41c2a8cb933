import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { temporaryFolder, type TemporaryFolder } from './guard.ts';

const memory = '/dev/shm';
const variable = 'TEST_DATA_FOLDER';
const insteadOf = 'TEST_DATA_INSTEAD_OF';
/** More than the servers of two whole runs beside each other hold. */
const enough = 8 * 2 ** 30;

/** Programs run from there too: a copy of PostgreSQL, what Java unpacks. */
export function holdsServers(mounts: string, bytes: number): boolean {
  const [, , type, options = ''] =
    mounts
      .split('\n')
      .map((line) => line.split(' '))
      .findLast(([, where]) => where === memory) ?? [];
  const forbidden = options.split(',').some((option) => option === 'noexec' || option === 'ro');
  return type === 'tmpfs' && !forbidden && bytes >= enough;
}

/**
 * Where the servers of a test run keep their data: in memory where there is plenty. A database is three hundred files, and to make
 * and remove them costs three times as much on a disk, which also makes whoever else creates one wait.
 */
function chooseDataFolder(): string {
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    const bytes = Math.min(bavail * bsize, process.availableMemory());
    if (holdsServers(readFileSync('/proc/mounts', 'utf8'), bytes)) return memory;
  } catch {
    // no such system
  }
  return tmpdir();
}

/** For the processes that this one starts as well. */
export function shareDataFolder(): void {
  process.env[insteadOf] ??= tmpdir();
  process.env[variable] ||= chooseDataFolder();
}

/** Whoever gives a program a TMPDIR of its own looks there for what it left behind. */
export const placeOfData = (env: NodeJS.ProcessEnv, temporary: string): string =>
  (env[insteadOf] === temporary && env[variable]) || temporary;

/** A private folder for a server's data, gone after `remove` and after any death of this process. */
export const dataFolder = (label: string): Promise<TemporaryFolder> =>
  temporaryFolder(label, placeOfData(process.env, tmpdir()));
