import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@strangler-toolkit/dev-stack';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));
export const inRepository = (path: string): string => join(repository, path);

/** A program of this repository, to its end. Throws with what it printed when it fails. */
export async function run(
  name: string,
  file: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const { code, stdout, stderr } = await runProgram({ name, file: inRepository(file), args, env });
  if (code !== 0) throw new Error(`${name} failed:\n${stdout}\n${stderr}`);
}

/** Waits for all of them, also when one fails: what still starts could not be stopped. */
export async function all<Results extends readonly unknown[]>(starts: {
  readonly [Index in keyof Results]: Promise<Results[Index]>;
}): Promise<Results> {
  const settled = await Promise.allSettled(starts);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return (await Promise.all(starts)) as unknown as Results;
}
