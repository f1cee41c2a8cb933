import { expect, test } from '@jest/globals';
import { untold } from './untold.ts';

const context = { context: 'shop', contracts: { pacts: 'pacts', provider: 'shop' } };
const now = { owner: 'service', epoch: 2 } as const;
const line = (status: 'started' | 'done' | 'failed', epoch: number, detail: object = {}) => ({
  status,
  epoch,
  detail: { side: 'service', ...detail },
});
const nothing = { rows: [], isSet: true };

test('a broker that is set and was told nothing of this epoch is told by that command', () => {
  expect(untold(context, now, { ...nothing, environment: 'production' })).toEqual({
    side: 'service',
    epoch: 2,
    why: 'the Pact Broker was not told that the service serves since epoch 2',
    command: 'strangler contracts record-deployment shop --side service --environment production',
  });
  expect(untold(context, now, nothing)?.command).toMatch(/--environment <name>$/);
});

test('a killed command said before its move that there is a broker, and where the deployment counts', () => {
  const rows = [line('started', 1, { environment: 'staging' })];
  expect(untold(context, now, { rows, isSet: false })?.command).toMatch(/--environment staging$/);
});

test('what failed says why, and how to go on with what was known then', () => {
  const rows = [line('failed', 2, { why: 'BROKER_AUTH: no', command: 'strangler x' })];
  const found = untold(context, now, { rows, isSet: false });
  expect([found?.why, found?.command]).toEqual([
    'the Pact Broker was not told that the service serves since epoch 2 (BROKER_AUTH: no)',
    'strangler x',
  ]);
});

test('a record of another epoch or of the other side is none of this owner', () => {
  const others = [line('done', 1), line('done', 2, { side: 'monolith' })];
  expect(untold(context, now, { rows: others, isSet: true })).toBeDefined();
  expect(untold(context, now, { rows: [line('done', 2)], isSet: true })).toBeUndefined();
  const afterAll = [line('done', 2), line('failed', 2)];
  expect(untold(context, now, { rows: afterAll, isSet: true })).toBeUndefined();
});

test('a pipeline that records another environment, or the other side afterwards, did not tell it', () => {
  const told = (environment: string, side = 'service') => line('done', 2, { environment, side });
  const known = { isSet: true, environment: 'production' };
  expect(untold(context, now, { ...known, rows: [told('staging')] })).toBeDefined();
  expect(
    untold(context, now, { ...known, rows: [told('production'), told('staging', 'monolith')] }),
  ).toBeUndefined();
  expect(
    untold(context, now, { ...known, rows: [told('production'), told('production', 'monolith')] }),
  ).toBeDefined();
  const intended = line('started', 1, { environment: 'production' });
  expect(
    untold(context, now, { isSet: false, rows: [intended, told('staging')] })?.command,
  ).toMatch(/--environment production$/);
});

test('nothing is owed without a broker, without contracts, or before the first change of owner', () => {
  expect(untold(context, now, { rows: [], isSet: false })).toBeUndefined();
  expect(untold({ context: 'shop' }, now, nothing)).toBeUndefined();
  expect(untold(context, { owner: 'monolith', epoch: 1 }, nothing)).toBeUndefined();
});
