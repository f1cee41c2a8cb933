import type { ResyncResult } from '../../steps/resync.ts';

export const resyncText = (result: ResyncResult): string =>
  `${result.context}: ${result.tables.join(', ')} read again in ${result.chunks} chunks and ` +
  `applied (${result.messages} rows and changes, ${result.seconds.toFixed(1)} s); compare now ` +
  `with: strangler verify ${result.context}`;
