import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyPacts } from '@strangler-toolkit/contracts';
import { documentCheck, type Document } from '../../legacy-monolith/test/document-check.ts';
import { cli } from '../../migration/test/support/cli.ts';
import { AlteringProxy } from './support/altering-proxy.ts';
import { pactsDir, side, startShopSides, type ShopSides } from './support/shop-sides.ts';

const contexts = new URL('../../contexts/', import.meta.url).pathname;
let sides: ShopSides;
let document: Document;
beforeAll(async () => {
  sides = await startShopSides();
  document = (await (await fetch(`${sides.service}/openapi.json`)).json()) as Document;
});
afterAll(async () => {
  await sides?.stop();
});

/** What the answers to every pact say against the document, and which of its operations were asked for. */
async function heldAgainst(described: Document): Promise<{
  untrue: string[];
  exercised: ReadonlySet<string>;
  operations: readonly string[];
}> {
  const held = documentCheck(described);
  const untrue: string[] = [];
  const watched = await new AlteringProxy(sides.service).start();
  watched.alter = ({ status, headers, text }, { method = '', url = '' }) => {
    const type = headers['content-type'];
    const json = typeof type === 'string' && type.startsWith('application/json');
    try {
      // The verifier's question whether anybody answers.
      if (method !== 'HEAD')
        held.check(
          method,
          url,
          status,
          typeof type === 'string' ? type : null,
          json ? JSON.parse(text) : text,
        );
    } catch (error) {
      untrue.push(error instanceof Error ? error.message : String(error));
    }
    return {};
  };
  try {
    const { service } = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      sides: { service: side(watched.url, sides.service) },
    });
    expect(service.interactions.filter(({ ok }) => !ok)).toEqual([]);
  } finally {
    await watched.stop();
  }
  return { untrue, exercised: held.exercised, operations: held.operations };
}

describe("the document of the catalog's service", () => {
  test('is true of what it answers to every pact, each of its operations among them', async () => {
    const { untrue, exercised, operations } = await heldAgainst(document);
    expect(untrue).toEqual([]);
    expect([...exercised].sort()).toEqual([...operations].sort());
  });

  test('is found out where it is not: a price as a number, a status that is not told', async () => {
    const wrong = JSON.parse(
      JSON.stringify(document).replaceAll('"price":{"type":"string"', '"price":{"type":"number"'),
    ) as Document;
    const deleted = wrong.paths['/api/products/{id}']?.delete?.responses as Record<string, unknown>;
    delete deleted[204];
    const { untrue } = await heldAgainst(wrong);
    expect(untrue.join('\n')).toMatch(/price must be number/);
    expect(untrue.join('\n')).toMatch(
      /DELETE [^\n]* → 204: the document does not know this status/,
    );
  });

  test("keeps what the monolith's promises for its routes, and both promise what the pacts rely on", async () => {
    const { code, stdout, stderr } = await cli(
      [
        ...['contracts', 'openapi', 'catalog'],
        ...['--monolith', `${sides.monolith}/openapi.json`],
        ...['--service', `${sides.service}/openapi.json`],
        '--pacts',
      ],
      { STRANGLER_CONTEXTS: contexts, MONOLITH_URL: sides.monolith },
    );
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^monolith: (\d\d+) of \1 interactions are in its document\nservice: (\d\d+) of \2 interactions .*\ncatalog: the documents agree on 17 routes\n$/,
      ),
      expect.anything(),
    ]);
  });
});
