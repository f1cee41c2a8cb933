import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../guard.ts';

const run = promisify(execFile);

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Folder beside the jars for what this Java made of their classes; another Java could not read it. */
export async function archiveFolder(java: string, jars: string): Promise<string> {
  const { stderr, stdout } = await run(java, ['-version']);
  const hash = createHash('sha256').update(java + stderr + stdout);
  return join(dirname(jars), `classes-${basename(jars)}-${hash.digest('hex').slice(0, 8)}`);
}

export const archiveOf = (folder: string, main: string): string => join(folder, `${main}.jsa`);

/** The option with which Java takes a program's classes from its archive (class data sharing): half of the work of a start. */
export async function fromArchive(folder: string, main: string): Promise<string[]> {
  const archive = archiveOf(folder, main);
  return (await exists(archive)) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

/** Makes the folder through `record`, which runs each program once with `recordClasses` and lets it end. Whole or not at all. */
export async function fillArchives(
  folder: string,
  record: (recordClasses: string) => Promise<void>,
): Promise<void> {
  if (await exists(folder)) return;
  await mkdir(dirname(folder), { recursive: true });
  const filling = await temporaryFolder('recording', dirname(folder));
  try {
    const classes = join(filling.path, 'classes');
    await mkdir(classes);
    await record(classes);
    await rename(classes, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await filling.remove();
  }
}
