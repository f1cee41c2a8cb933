import { describe, expect, test } from '@jest/globals';
import type { ChangeEvent } from '../stream/change-event.ts';
import type { StreamMessage } from '../stream/change-stream.ts';
import { MessageQueue } from '../stream/message-queue.ts';
import { MessageBuffer } from './message-buffer.ts';

const begin = (lsn: bigint): StreamMessage => ({
  kind: 'begin',
  commitLsn: lsn,
  commitTime: 0n,
  xid: 1,
});
const commit = (lsn: bigint): StreamMessage => ({
  kind: 'commit',
  commitLsn: lsn,
  endLsn: lsn,
  commitTime: 0n,
});
const changes = (count: number, size = count): StreamMessage => ({
  kind: 'changes',
  size,
  events: Array.from({ length: count }, (_, index): ChangeEvent => ({
    op: 'c',
    before: null,
    after: {},
    source: {
      connector: 'postgresql',
      db: 'd',
      schema: 's',
      table: 't',
      txId: 1,
      lsn: 1n,
      ts_us: 0n,
    },
    position: { commitLsn: 1n, index },
  })),
});
const open = (limit?: number): { queue: MessageQueue; buffer: MessageBuffer } => {
  const queue = new MessageQueue(
    1e9,
    () => {},
    () => {},
  );
  return { queue, buffer: new MessageBuffer({ take: () => queue.take() }, limit) };
};
const push = (queue: MessageQueue, ...messages: StreamMessage[]): void =>
  messages.forEach((message) => queue.push(message, 1));
const kinds = (messages: readonly StreamMessage[]): string =>
  messages.map(({ kind }) => kind[0]).join('');

describe('what waits for the applier', () => {
  test('is taken by whole transactions; the beginning of the next one waits for its end', async () => {
    const { queue, buffer } = open();
    push(
      queue,
      begin(1n),
      changes(1),
      commit(1n),
      begin(2n),
      changes(1),
      commit(2n),
      begin(3n),
      changes(1),
    );
    expect(kinds(await buffer.take())).toBe('bccbcc');
    const next = buffer.take();
    push(queue, changes(1));
    push(queue, commit(3n), { kind: 'idle', lsn: 9n });
    expect(kinds(await next)).toBe('bccci');
  });

  test('is taken in parts when one transaction is larger than may be held', async () => {
    const { queue, buffer } = open(10);
    push(queue, begin(1n), changes(6));
    const first = buffer.take();
    await new Promise(setImmediate);
    push(queue, changes(6));
    expect(kinds(await first)).toBe('bcc');
    push(queue, changes(3), commit(1n));
    expect(kinds(await buffer.take())).toBe('cc');
  });

  test('is taken in parts also when its rows are few and large', async () => {
    const queue = new MessageQueue(
      1e9,
      () => {},
      () => {},
    );
    const buffer = new MessageBuffer({ take: () => queue.take() }, 10_000, 1000);
    push(queue, begin(1n), changes(1, 600));
    const first = buffer.take();
    await new Promise(setImmediate);
    push(queue, changes(1, 600));
    expect(kinds(await first)).toBe('bcc');
    push(queue, changes(1, 1), commit(1n));
    expect(kinds(await buffer.take())).toBe('cc');
  });

  test('a transaction without its end is dropped when the stream is over, and a failure comes after what arrived before it', async () => {
    const over = open();
    push(over.queue, begin(1n), changes(1));
    over.queue.end(undefined);
    expect(await over.buffer.take()).toEqual([]);
    const failed = open();
    push(failed.queue, begin(1n), commit(1n));
    failed.queue.end(new Error('gone'));
    expect(kinds(await failed.buffer.take())).toBe('bc');
    await expect(failed.buffer.take()).rejects.toThrow('gone');
  });
});
