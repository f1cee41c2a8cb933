import type { ReplicateResult } from '../../steps/replicate.ts';

export const replicateText = (result: ReplicateResult): string =>
  `${result.context}: stage ${result.stage}, ${result.direction}, ${result.rowsApplied} rows ` +
  `applied${result.caughtUp ? ', caught up' : ''}`;
