import { join } from 'node:path';
import type { Failure } from './failure.ts';
import { catalog, type Stack } from './stack.ts';

/** One interaction that both sides keep, of a consumer of theirs. */
const underContract = async (stack: Stack): Promise<void> => {
  const interaction = {
    type: 'Synchronous/HTTP',
    description: 'the products',
    request: { method: 'GET', path: '/api/products' },
    response: { status: 200 },
  };
  const pact = {
    consumer: { name: 'web' },
    provider: { name: 'shop' },
    metadata: { pactSpecification: { version: '4.0' } },
    interactions: [interaction],
  };
  await stack.write('pacts/web-shop.json', JSON.stringify(pact));
  const contracts = { pacts: join(stack.scene.dir, 'pacts'), provider: 'shop' };
  await stack.take({ ...catalog, contracts });
};
const withoutContract = async (stack: Stack): Promise<void> => {
  await stack.take(catalog);
  await stack.remove('pacts');
  await stack.sql('control', `DELETE FROM strangler_control.evidence WHERE kind = 'pacts'`);
};
const verifyContracts = { type: 'strangler contracts verify catalog' } as const;

export const contracts: readonly Failure[] = [
  {
    name: 'contracts are broken',
    provoke: async (stack) => {
      await underContract(stack);
      stack.applications.service.manner = 'fails';
    },
    mend: async (stack) => {
      stack.applications.service.manner = 'well';
      await withoutContract(stack);
    },
    answer: { ...verifyContracts, exit: 5, code: 'PACTS_FAILED', says: 'service' },
    status: ['pacts …monolith ok, service FAILS'],
    doctor: [],
    todo: 'mend the side that is named',
  },
  {
    name: 'a provider of contracts does not answer',
    provoke: async (stack) => {
      await underContract(stack);
      await stack.applications.service.down();
    },
    mend: async (stack) => {
      await stack.applications.service.up();
      await withoutContract(stack);
    },
    answer: {
      ...verifyContracts,
      exit: 6,
      code: 'PACTS_UNREACHABLE',
      says: 'could not be asked of service: no answer at http',
    },
    status: ['service …DOWN: does not answer (ECONNREFUSED)'],
    doctor: [
      {
        check: 'service HTTP',
        actual: 'does not answer (ECONNREFUSED)',
        remedy: 'strangler rollback catalog (…), or start it again',
      },
    ],
    todo: 'start it, or mend `contracts.providers`',
  },
];
