import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractSettings, MigrationDefinition } from '@strangler-toolkit/plan';

/**
 * What the pacts of a context's providers say, as one hash: evidence of them is about this content. Read without the package that
 * verifies them, which may be installed elsewhere. Null: the folder cannot be read.
 */
export async function pactContent({
  pacts,
  provider,
  messages = {},
}: Pick<ContractSettings, 'pacts' | 'provider' | 'messages'>): Promise<string | null> {
  const hash = createHash('sha256');
  const providers: readonly unknown[] = [provider, ...Object.keys(messages)];
  try {
    const names = await readdir(pacts);
    for (const name of names.filter((candidate) => candidate.endsWith('.json')).sort()) {
      const { metadata: _tools, ...pact } = JSON.parse(
        await readFile(join(pacts, name), 'utf8'),
      ) as { metadata?: unknown; provider?: { name?: unknown } };
      if (providers.includes(pact.provider?.name))
        hash.update(`${name}\n${JSON.stringify(pact)}\n`);
    }
    return hash.digest('hex');
  } catch {
    return null;
  }
}

/**
 * Which routes pacts were to speak for, who had to keep them and how their states were entered, as one hash: the settings themselves
 * may hold addresses with passwords.
 */
export function pactConfiguration({
  routes,
  contracts,
}: Pick<MigrationDefinition, 'routes' | 'contracts'>): string {
  const { pacts: _folder, ...kept } = contracts ?? {};
  const claimed = routes.map(({ method, path, kind }) => [method, path, kind]);
  return createHash('sha256')
    .update(JSON.stringify([claimed, kept]))
    .digest('hex');
}
