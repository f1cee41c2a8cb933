import { answerPreflight } from '../edge/answer-preflight.ts';
import type { Passage } from './passage.ts';
import { serveClaimed } from './serve-claimed.ts';
import { serveOperations } from './serve-operations.ts';
import type { Serving } from './serving.ts';
import { letIn } from './let-in.ts';

/** What is claimed by its path, or by what it asks GraphQL for. */
export function serve(serving: Serving, passage: Passage): Promise<void> {
  if (serving.answersPreflights && answerPreflight(serving, passage)) return Promise.resolve();
  const operations = passage.arrival.claim?.operations;
  return operations
    ? serveOperations(serving, passage, operations)
    : letIn(serving, passage, [], serveClaimed);
}
