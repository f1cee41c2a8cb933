import { expect, test } from '@jest/globals';
import { noEvidence } from './no-evidence.ts';

const withBroker = { env: { PACT_BROKER_BASE_URL: 'http://127.0.0.1:1' } };
const without = { env: {} };

test.each([
  [withBroker, {}, undefined],
  [withBroker, { wipSince: '2026-01-01', selectors: [] }, undefined],
  [withBroker, { selectors: ['{"consumer":"web"}'] }, /--consumer-selector/],
  [withBroker, { branch: 'feature' }, /--branch feature/],
  [withBroker, { broker: false }, /pacts of the Pact Broker/],
  [withBroker, { side: 'service' }, /--side service/],
  [without, { broker: false }, undefined],
  [without, { side: 'service' }, /--side service/],
])('a run that asked for less than gates want says so: %j %j', (kit, options, why) => {
  const said = noEvidence(kit, options);
  if (why === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(why);
});
