import type { DevResult } from '../../steps/dev.ts';

const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What was there, and what is left on the servers. */
export const devText = ({ facades, workers, replicated }: DevResult): string =>
  [
    `ended: ${many(facades, 'facade')}, ${many(workers.length, 'worker')}`,
    ...replicated.map(
      (context) =>
        `${context} stays replicated: its owner keeps its log until strangler dev ${context} ` +
        `runs again; strangler rollback ${context} leads back`,
    ),
  ].join('\n');
