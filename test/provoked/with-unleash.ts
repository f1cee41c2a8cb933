import { expect } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Failure } from './failure.ts';

export const withUnleash: readonly Failure[] = [
  {
    name: 'the token of Unleash is wrong, or missing',
    provoke: async (stack) => void (stack.differently.UNLEASH_ADMIN_TOKEN = 'wrong'),
    mend: async (stack) => void (stack.differently.UNLEASH_ADMIN_TOKEN = stack.unleash?.adminToken),
    answer: {
      type: 'strangler route catalog --kill',
      exit: 1,
      code: 'UNLEASH_AUTH',
      says: 'Unleash',
      remedy: 'UNLEASH_ADMIN_TOKEN',
    },
    besides: async (stack) => {
      stack.differently.UNLEASH_ADMIN_TOKEN = undefined;
      const { stdout } = await stack.must('status', 'catalog');
      expect(stdout).toMatch(/flags +not known: UNLEASH_AUTH: /);
      stack.differently.UNLEASH_ADMIN_TOKEN = 'wrong';
    },
    status: ['flags …not known: UNLEASH_AUTH: '],
    doctor: [
      { check: 'Unleash', actual: 'UNLEASH_AUTH', remedy: 'UNLEASH_ADMIN_TOKEN' },
      { check: 'flags', actual: 'UNLEASH_AUTH', remedy: 'UNLEASH_ADMIN_TOKEN' },
    ],
    todo: 'an admin token in `UNLEASH_ADMIN_TOKEN`; facades keep the flags that they knew',
  },
  {
    name: 'a step of a ramp that no identity falls into',
    provoke: async (stack) => {
      await stack.ask('GET', '/api/products', { headers: { 'x-user': 'ann' } });
      await until('her number is known', async () => {
        const { traffic } = await stack.status();
        return traffic.identities === 1;
      });
    },
    answer: {
      type: 'strangler ramp catalog --steps 1,100',
      exit: 2,
      code: 'USAGE',
      says: '1 % of catalog is nobody: 1 identity was seen in the last day, and the first of them comes at …%',
      remedy:
        'strangler ramp catalog --steps …100; or shares of requests instead of identities: strangler ramp catalog --steps 1,100 --by-request',
    },
    status: ['traffic …1 identity'],
    doctor: [],
    todo: 'the steps that the message proposes',
  },
];
