import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContractsError } from '../contracts-error.ts';
import { isObject, textOf } from './links.ts';

export interface PactFile {
  readonly file: string;
  readonly consumer: string;
  readonly provider: string;
  readonly content: string;
}

/**
 * The pacts of a folder as they are written, those of one provider or all.
 *
 * @throws ContractsError PACTS_NOT_FOUND, CONFIG_INVALID
 */
export async function readPactFiles(
  folder: string,
  provider?: string,
): Promise<readonly PactFile[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new ContractsError('PACTS_NOT_FOUND', `The folder of pacts ${folder} cannot be read`, {
      cause,
    });
  });
  const pacts: PactFile[] = [];
  for (const name of names.filter((candidate) => candidate.endsWith('.json')).sort()) {
    const pact = await readPactFile(join(folder, name));
    if (provider !== undefined && pact.provider !== provider) continue;
    const twin = pacts.find(
      (one) => one.consumer === pact.consumer && one.provider === pact.provider,
    );
    if (twin)
      throw new ContractsError(
        'CONFIG_INVALID',
        `${twin.file} and ${pact.file} are both pacts of ${pact.consumer} with ${pact.provider}: the second would replace the first`,
      );
    pacts.push(pact);
  }
  if (pacts.length === 0)
    throw new ContractsError(
      'PACTS_NOT_FOUND',
      `No pact${provider === undefined ? '' : ` with provider ${provider}`} in ${folder}`,
    );
  return pacts;
}

async function readPactFile(file: string): Promise<PactFile> {
  const content = await readFile(file, 'utf8');
  let pact: unknown;
  try {
    pact = JSON.parse(content);
  } catch (cause) {
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it is no JSON`, { cause });
  }
  const nameOf = (key: 'consumer' | 'provider'): string => {
    const party = isObject(pact) ? pact[key] : undefined;
    const name = isObject(party) ? textOf(party.name) : undefined;
    if (name !== undefined) return name;
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it names no ${key}`);
  };
  return { file, consumer: nameOf('consumer'), provider: nameOf('provider'), content };
}
