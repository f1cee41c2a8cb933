import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verifyPacts } from '@strangler-toolkit/contracts';
import fc from 'fast-check';
import { expectedBody } from '../../migration/src/steps/contracts/record/expected-body.ts';
import { jsonOf } from '../../migration/src/steps/contracts/record/json-values.ts';

// The judge is the verifier that people use: a provider gives back the answers that an expectation was drawn from, and others.
let bodies: string[] = [];
let provider: Server;
let url: string;
beforeAll(async () => {
  provider = createServer((request, response) => {
    const body = bodies[Number(request.url?.slice(1))] ?? '';
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => (provider ? provider.close(resolve) : resolve(undefined)));
});

interface Case {
  readonly drawnFrom: readonly string[];
  readonly held: readonly string[];
}

/** Which answers do not keep what was drawn: `case answer: what differs`. */
async function brokenBy(cases: readonly Case[]): Promise<string[]> {
  bodies = [];
  const interactions = cases.flatMap(({ drawnFrom, held }, index) => {
    const expected = expectedBody(drawnFrom.map((text) => jsonOf(text) ?? null));
    return held.map((text) => {
      bodies.push(text);
      return {
        type: 'Synchronous/HTTP',
        description: `${index} ${text}`,
        request: { method: 'GET', path: `/${bodies.length - 1}` },
        response: {
          status: 200,
          ...(expected && {
            body: { content: expected.example, contentType: 'application/json', encoded: false },
            matchingRules: { body: expected.rules },
          }),
        },
      };
    });
  });
  const folder = await mkdtemp(join(tmpdir(), 'inferred-'));
  try {
    const pact = {
      consumer: { name: 'traffic' },
      provider: { name: 'anybody' },
      interactions,
      metadata: { pactSpecification: { version: '4.0' } },
    };
    await writeFile(join(folder, 'pact.json'), JSON.stringify(pact));
    const { side } = await verifyPacts({
      pactsDir: folder,
      provider: 'anybody',
      sides: { side: { url } },
    });
    return side.interactions
      .filter(({ ok }) => !ok)
      .map(({ description, mismatch }) => `${description}: ${mismatch}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const key = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('id', 'name', 'status', 'price', 'at', 'items', 'a-b', '7'),
  },
  fc.string({ maxLength: 4 }),
);
const text = fc.oneof(
  fc.uuid(),
  fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
    .map((at) => at.toISOString()),
  fc.constantFrom(
    '2026-02-28',
    '12:30',
    '19.90',
    '-3.5',
    '7',
    'open',
    'closed',
    '',
    'é "quoted" \\ ^$',
  ),
  fc.string({ maxLength: 6 }),
);
const number = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom('1.0', '-0', '1e3', '0.125', '9223372036854775807', '123456789012345678901234'),
);
/** JSON as it is written, because a number has more than one spelling. */
const json: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      text.map((value) => JSON.stringify(value)),
      number,
      fc.constantFrom('true', 'null'),
    ),
    fc.array(tie('any'), { maxLength: 3 }).map((each) => `[${each.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(key, tie('any')), { selector: ([name]) => name, maxLength: 5 })
      .map(
        (fields) =>
          `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
      ),
  ),
})).any;
/** Rows of one kind, as most answers are, with what is now and then absent or null. */
const rows = fc
  .record({
    id: number,
    status: fc.constantFrom('"open"', '"closed"'),
    at: text.map((each) => JSON.stringify(each)),
  })
  .chain(({ id, status, at }) =>
    fc
      .array(
        fc.constantFrom(
          `{"id":${id},"status":${status},"at":${at}}`,
          `{"id":${id},"status":${status},"at":null}`,
          `{"id":1,"status":"open","at":${at},"more":[{"x":1}]}`,
        ),
        { maxLength: 4 },
      )
      .map((each) => `{"items":[${each.join(',')}],"total":${each.length}}`),
  );

const answers = fc.array(fc.oneof(json, rows), { minLength: 1, maxLength: 4 });

test('what is drawn from answers is kept by each of those answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(answers, { minLength: 30, maxLength: 40 }), async (cases) => {
      expect(await brokenBy(cases.map((each) => ({ drawnFrom: each, held: each })))).toEqual([]);
    }),
    { numRuns: 3, endOnFailure: true },
  );
}, 240_000);

test('and broken by answers that differ in what all of them had in common', async () => {
  const drawnFrom = [
    '{"id":1,"price":"19.90","weight":"1.25","at":"2026-01-02T03:04:05.678Z","key":"6f1c3d80-1111-4222-8333-0123456789ab","items":[{"n":1}],"note":null}',
    '{"id":2,"price":"5.00","weight":null,"at":"2026-01-02T03:04:05.000Z","key":"6f1c3d80-1111-4222-8333-0123456789ac","items":[{"n":2}],"note":"x"}',
  ];
  const [first = ''] = drawnFrom;
  const held = [
    first.replace('"id":1', '"id":"1"'),
    first.replace('"id":1', '"id":1.5'),
    first.replace('"19.90"', '19.95'),
    first.replace('"1.25"', '1.25'),
    first.replace('19.90', '19.9'),
    first.replace('.678Z', 'Z'),
    first.replace('T03', ' 03'),
    first.replace('6f1c3d80-', ''),
    first.replace('[{"n":1}]', '[]'),
    first.replace('{"n":1}', '{"m":1}'),
    first.replace('"note":null', '"note":7'),
    first.replace(',"note":null', ''),
  ];
  expect(new Set(held).size).toBe(12);
  expect(await brokenBy([{ drawnFrom, held }])).toHaveLength(held.length);
});
