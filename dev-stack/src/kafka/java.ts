import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const oldest = 17;

const canRun = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    if (folder && (await canRun(file))) return file;
  }
  return undefined;
}

/** `openjdk version "17.0.15"` → 17; `java version "1.8.0_402"` → 8. */
export function majorVersion(printed: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(printed) ?? [];
  if (first === undefined) return undefined;
  return Number(first === '1' && second !== undefined ? second : first);
}

/** A Java that runs Kafka, from JAVA_HOME or PATH; undefined: there is none. */
export async function findJava(): Promise<string | undefined> {
  const home = process.env.JAVA_HOME;
  for (const candidate of [home ? join(home, 'bin', 'java') : undefined, await onPath('java')]) {
    if (candidate === undefined) continue;
    const printed = await run(candidate, ['-version']).then(
      ({ stdout, stderr }) => stdout + stderr,
      () => '',
    );
    if ((majorVersion(printed) ?? 0) >= oldest) return candidate;
  }
  return undefined;
}

export const findMaven = (): Promise<string | undefined> => onPath('mvn');
