import type { DevResult } from '../../steps/dev.ts';

/** What was there, and what is left on the servers. */
export const devText = ({ facades, workers, replicated }: DevResult): string =>
  [
    `ended: ${facades} ${facades === 1 ? 'facade' : 'facades'}, ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`,
    ...replicated.map(
      (context) =>
        `${context} stays replicated: the server keeps its log for it until strangler dev ${context} runs again; strangler rollback ${context} leads back`,
    ),
  ].join('\n');
