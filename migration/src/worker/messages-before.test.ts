import { describe, expect, test } from '@jest/globals';
import type { StreamMessage } from '../stream/change-stream.ts';
import { messagesBefore } from './messages-before.ts';

const begin = (commitLsn: bigint): StreamMessage => ({
  kind: 'begin',
  commitLsn,
  commitTime: 0n,
  xid: 1,
});
const commit = (commitLsn: bigint, endLsn: bigint): StreamMessage => ({
  kind: 'commit',
  commitLsn,
  endLsn,
  commitTime: 0n,
});
const changes: StreamMessage = { kind: 'changes', events: [], size: 0 };
const idle = (lsn: bigint): StreamMessage => ({ kind: 'idle', lsn });

describe('messages before a position', () => {
  const early = [begin(5n), changes, commit(5n, 8n)];
  test.each<[string, StreamMessage[], number, boolean]>([
    ['a transaction before it', early, 3, false],
    ['a transaction that ends at it', [begin(5n), changes, commit(5n, 10n)], 3, true],
    ['one that is committed at it', [...early, begin(10n), changes, commit(10n, 12n)], 3, true],
    ['one that is committed after it', [...early, begin(11n)], 3, true],
    ['half of a transaction before it', [begin(9n), changes], 2, false],
    ['an idle source that is not as far', [...early, idle(9n)], 4, false],
    ['an idle source at it', [...early, idle(10n)], 3, true],
    ['an idle source beyond it', [idle(11n)], 0, true],
    ['nothing', [], 0, false],
  ])('%s', (_name, messages, count, passed) =>
    expect(messagesBefore(messages, 10n)).toEqual({ messages: messages.slice(0, count), passed }),
  );
});
