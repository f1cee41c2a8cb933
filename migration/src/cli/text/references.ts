import type { ContextStatus } from '../../steps/status.ts';
import type { Terminal } from '../terminal.ts';

/** What streams to the service beside the context's own rows, whoever owns these: [name, text] for each line. */
export function referenceLines(
  { reads, readBy }: Pick<ContextStatus, 'reads' | 'readBy'>,
  terminal: Pick<Terminal, 'style'>,
): [string, string][] {
  const lines = reads.map(({ context, lagSeconds, problem }): string => {
    const lag = lagSeconds === null ? 'lag not known' : `lag ${lagSeconds.toFixed(2)} s`;
    return problem === undefined
      ? `${context}: forward, ${lag}, alike`
      : `${context}: forward, ${lag}, ${terminal.style('red', problem)}`;
  });
  return [
    ...lines.map((text, index): [string, string] => [index === 0 ? 'reads' : '', text]),
    ...(readBy.length > 0 ? [['read by', readBy.join(', ')] as [string, string]] : []),
  ];
}
