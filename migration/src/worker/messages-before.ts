import type { Lsn } from '../stream/change-event.ts';
import type { StreamMessage } from '../stream/change-stream.ts';

/** What belongs to transactions that were committed before a position; `passed`: no more of them will come. */
export function messagesBefore(
  messages: readonly StreamMessage[],
  until: Lsn,
): { readonly messages: readonly StreamMessage[]; readonly passed: boolean } {
  const end = messages.findIndex(
    (message) =>
      (message.kind === 'begin' && message.commitLsn >= until) ||
      (message.kind === 'idle' && message.lsn >= until),
  );
  if (end !== -1) return { messages: messages.slice(0, end), passed: true };
  const last = messages.at(-1);
  return { messages, passed: last?.kind === 'commit' && last.endLsn >= until };
}
