import type { ContractsResult } from '../../steps/contracts.ts';

export const contractsText = (result: ContractsResult): string =>
  `${result.context}: the pacts hold on both sides (${result.monolith.interactions.length} interactions each)`;
