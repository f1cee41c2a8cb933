import type { PauseCopyResult } from '../../steps/pause-copy.ts';

export const pauseCopyText = ({ context, paused }: PauseCopyResult): string =>
  paused
    ? `${context}: the copy waits before its next range. Meanwhile the changes are kept, by the slot in the ` +
      `monolith's log, or in Kafka as long as its topics keep them: see strangler status ${context}. ` +
      `It goes on after strangler replicate ${context} --resume`
    : `${context}: the copy goes on, as soon as a worker runs (strangler replicate ${context})`;
