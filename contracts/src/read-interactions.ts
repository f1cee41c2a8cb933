import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContractsError } from './contracts-error.ts';

/** One interaction as a pact of its own, so that each gets a result of its own. */
export interface Interaction {
  readonly consumer: string;
  readonly description: string;
  readonly file: string;
  readonly pact: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nameOf = (value: unknown): string | undefined =>
  isObject(value) && typeof value.name === 'string' ? value.name : undefined;

/** @throws ContractsError PACTS_NOT_FOUND when the folder holds no pact for this provider: nothing verified is not a success */
export async function readInteractions(
  pactsDir: string,
  provider: string,
): Promise<readonly Interaction[]> {
  const names = await readdir(pactsDir).catch((cause: unknown) => {
    throw new ContractsError('PACTS_NOT_FOUND', `The folder of pacts ${pactsDir} cannot be read`, {
      cause,
    });
  });
  const found: Interaction[] = [];
  for (const name of names.filter((candidate) => candidate.endsWith('.json')).sort())
    found.push(...(await readPact(join(pactsDir, name), provider)));
  if (found.length === 0)
    throw new ContractsError('PACTS_NOT_FOUND', `No pact with provider ${provider} in ${pactsDir}`);
  return found;
}

async function readPact(file: string, provider: string): Promise<Interaction[]> {
  let pact: unknown;
  try {
    pact = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it is no JSON`, { cause });
  }
  if (!isObject(pact) || !Array.isArray(pact.interactions))
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it has no interactions`);
  if (nameOf(pact.provider) !== provider) return [];
  const whole = pact;
  return pact.interactions.filter(isObject).map((interaction) => ({
    consumer: nameOf(whole.consumer) ?? 'unknown',
    description: typeof interaction.description === 'string' ? interaction.description : 'unnamed',
    file,
    pact: JSON.stringify({ ...whole, interactions: [interaction] }),
  }));
}
