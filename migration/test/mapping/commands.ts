import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { temporaryFolder } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { runHere } from '../support/run-here.ts';
import type { Shop } from '../worker/shop.ts';
import { expectOwner, type SequenceSet, sequencesSet, toCanary } from './moved.ts';

interface Told {
  readonly differences?: number;
  readonly rowsCompared?: number;
  readonly checks?: readonly { readonly check: string; readonly ok: boolean }[];
  readonly steps?: Parameters<typeof sequencesSet>[0];
}

interface Commands extends AsyncDisposable {
  run(...words: string[]): Promise<Told>;
  /** As a person does it: verified, behind the gates; `doctor` finds nothing wrong afterwards. */
  move(name: 'cutover' | 'rollback'): Promise<readonly SequenceSet[]>;
}

/** The command line over a shop, whose context is a file then, beside `others`. */
export async function openCommands(
  shop: Shop,
  { others = [], env: more = {} }: { others?: MigrationDefinition[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Commands> {
  const folder = await temporaryFolder('mapping-commands');
  const at = { url: 'http://127.0.0.1:1' };
  await writeFile(
    join(folder.path, 'goods.json'),
    JSON.stringify({
      ...shop.definition,
      monolith: { ...at, database: { env: 'MONOLITH_DATABASE_URL' } },
      service: { ...at, database: { env: 'SERVICE_DATABASE_URL' } },
      routes: [
        shop.definition.data === 'projection'
          ? { name: 'look', method: 'GET', path: '/goods', kind: 'read' }
          : { name: 'change', method: 'POST', path: '/goods', kind: 'write' },
      ],
      gates: { pacts: false },
    }),
  );
  for (const other of others)
    await writeFile(join(folder.path, `${other.context}.json`), JSON.stringify(other));
  const env = {
    STRANGLER_CONTROL_URL: shop.controlUrl,
    STRANGLER_CONTEXTS: folder.path,
    MONOLITH_DATABASE_URL: shop.monolithUrl,
    SERVICE_DATABASE_URL: shop.serviceUrl,
    ...more,
  };
  const run = async (...words: string[]): Promise<Told> => {
    const { code, stdout, stderr } = await runHere([...words, '--json'], env);
    if (code !== 0 && words[0] !== 'doctor')
      throw new Error(`strangler ${words.join(' ')} exited ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as Told;
  };
  return {
    run,
    async move(name) {
      if (name === 'cutover') await toCanary(shop);
      await run('verify', 'goods');
      const { steps = [] } = await run(name, 'goods', '--yes', '--no-facade');
      await expectOwner(shop, name === 'cutover' ? 'service' : 'monolith');
      const { checks = [] } = await run('doctor', 'goods');
      // no monolith and no service answers requests here
      expect(checks.filter(({ ok, check }) => !ok && !check.endsWith(' HTTP'))).toEqual([]);
      expect(checks.length).toBeGreaterThan(30);
      return sequencesSet(steps);
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
