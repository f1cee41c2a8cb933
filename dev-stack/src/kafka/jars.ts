import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCommand } from '../child-process.ts';
import { temporaryFolder } from '../guard.ts';
import { findJava, findMaven } from './java.ts';

const debezium = (file: string): string =>
  fileURLToPath(new URL(`../../../migration/debezium/${file}`, import.meta.url));
export const workerProperties = debezium('worker.properties');
export const howToGet =
  'Java 17 or newer and Maven are needed (Debian: apt-get install openjdk-17-jre-headless maven), ' +
  'or KAFKA_BROKERS and CONNECT_URL of a running Kafka.';

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function cacheFolder(pom: string): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await readFile(pom));
  return join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'strangler-toolkit',
    `jars-${hash.digest('hex').slice(0, 16)}`,
  );
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const running = await startCommand({ name: 'maven', command, args, ready: 'spawned' });
  const { code } = await running.exit;
  if (code !== 0)
    throw new Error(
      `The jars of Kafka and Debezium could not be fetched through Maven:\n${running.logs().slice(-30).join('\n')}`,
    );
}

async function fill(folder: string, pom: string): Promise<void> {
  const maven = await findMaven();
  if (maven === undefined) throw new Error(`Maven was not found. ${howToGet}`);
  const parent = join(folder, '..');
  await mkdir(parent, { recursive: true });
  // Filled beside its place and moved there whole: nobody ever sees half a folder, and whoever fills it at the same time loses nothing.
  const filling = await temporaryFolder('filling', parent);
  try {
    const jars = join(filling.path, 'jars');
    const args = [
      '--batch-mode',
      '--quiet',
      '--strict-checksums',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${jars}`,
      '-DincludeScope=runtime',
    ];
    // Another process' download of the same file can get in the way once; what is there by then is not fetched again.
    await run(maven, args).catch(() => run(maven, args));
    await rename(jars, folder).catch(async (error: unknown) => {
      if (!(await isFolder(folder))) throw error;
    });
  } finally {
    await filling.remove();
  }
}

/** Folder with the jars that a pom lists, filled through Maven when it is first asked for, outside the repository. */
export async function jarFolder(pom = debezium('pom.xml')): Promise<string> {
  const folder = await cacheFolder(pom);
  if (!(await isFolder(folder))) await fill(folder, pom);
  return folder;
}

/** What keeps Kafka from being started here; empty: nothing. */
export async function missingForKafka(): Promise<string[]> {
  const missing = (await findJava()) === undefined ? ['Java 17 or newer'] : [];
  if (
    !(await isFolder(await cacheFolder(debezium('pom.xml')))) &&
    (await findMaven()) === undefined
  )
    missing.push('Maven');
  return missing;
}
