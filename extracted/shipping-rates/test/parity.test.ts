import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrate, startServer, type ShopServer } from '@strangler-example/legacy-monolith';
import { startShippingRates } from '@strangler-example/shipping-rates';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { createLogger, type RunningService } from '@strangler-toolkit/service-kit';
import fc from 'fast-check';

let database: TestDatabase;
let monolith: ShopServer;
let service: RunningService;

beforeAll(async () => {
  database = await createTestDatabase('rates');
  await migrate(database.url);
  monolith = await startServer({ databaseUrl: database.url });
  service = await startShippingRates({
    port: 0,
    logger: createLogger('shipping-rates', { level: 'silent' }),
  });
});
afterAll(async () => {
  await service?.stop();
  await monolith?.close();
  await database?.drop();
});

const ask = async (
  url: string,
  body: string,
  contentType = 'application/json',
): Promise<object> => {
  const response = await fetch(`${url}/shipping/quotes`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: await response.json(),
  };
};
const sameAnswer = async (body: string, contentType?: string): Promise<void> => {
  const [theirs, ours] = await Promise.all([
    ask(monolith.url, body, contentType),
    ask(service.url, body, contentType),
  ]);
  expect(ours).toEqual(theirs);
};

describe('a quote of the service equals the monolith’s', () => {
  const question = {
    weight_grams: 1200,
    country: 'DE',
    service_level: 'standard',
    subtotal: '10.00',
  };
  test.each([
    [question],
    [{ ...question, subtotal: '99.99' }],
    [{ ...question, subtotal: '100' }],
    [{ ...question, subtotal: '9999999999.99' }],
    [{ ...question, service_level: 'express', subtotal: '100.00' }],
    [{ ...question, country: 'FR' }],
    [{ ...question, country: 'US', service_level: 'overnight' }],
    [{ ...question, country: 'de' }],
    [{ ...question, country: 7 }],
    [{ ...question, weight_grams: 0 }],
    [{ ...question, weight_grams: 1.5 }],
    [{ ...question, weight_grams: '5' }],
    [{ ...question, weight_grams: 70_000 }],
    [{ ...question, weight_grams: 70_001 }],
    [{ ...question, weight_grams: 1e21 }],
    [{ ...question, service_level: null }],
    [{ ...question, service_level: 'slow' }],
    [{ ...question, subtotal: 5 }],
    [{ ...question, subtotal: null }],
    [{ ...question, subtotal: '1.234' }],
    [{ country: 'x' }],
    [{}],
    [[]],
    [{ weight_grams: 5, country: 'AT' }],
  ])('for %j', (body) => sameAnswer(JSON.stringify(body)));

  test.each([
    ['{', 'application/json'],
    ['"text"', 'application/json'],
    ['', 'application/json'],
    ['{"weight_grams":1}', 'text/plain'],
    [`{"x":"${'y'.repeat(1_100_000)}"}`, 'application/json'],
  ])('for a body that is no JSON object (%#)', (body, type) => sameAnswer(body, type));

  test('for any weight, country, level and subtotal', async () => {
    const wild = fc.record(
      {
        weight_grams: fc.oneof(
          fc.integer({ min: 1, max: 70_000 }),
          fc.integer({ min: -5, max: 80_000 }),
          fc.double(),
          fc.string(),
        ),
        country: fc.oneof(
          fc.constantFrom('DE', 'AT', 'FR', 'US', 'CH', 'GB', 'SE'),
          fc.string({ maxLength: 3 }),
        ),
        service_level: fc.oneof(
          fc.constantFrom('standard', 'express', 'overnight'),
          fc.constant(undefined),
          fc.string(),
        ),
        subtotal: fc.oneof(
          fc.integer({ min: 0, max: 20_000 }).map((cents) => (cents / 100).toFixed(2)),
          fc.constant(undefined),
          fc.string(),
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(wild, (body) => sameAnswer(JSON.stringify(body))),
      { numRuns: 300 },
    );
  });
});
