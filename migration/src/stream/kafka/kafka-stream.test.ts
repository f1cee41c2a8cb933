import { describe, expect, test } from '@jest/globals';
import type { StreamMessage } from '../change-stream.ts';
import { Beats } from './beats.ts';
import type { KafkaChange, TopicReader } from './kafka-change.ts';
import { KafkaStream } from './kafka-stream.ts';
import { PartitionQueue } from './partition-queue.ts';
import type { TableShape } from './table-shape.ts';

const rows = (row: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> => {
  if (row.id === 'bad') throw new Error('cannot be read');
  return { id: String(row.id) };
};
const shape: TableShape = {
  schema: 'public',
  table: 'items',
  columns: ['id'],
  relation: {
    kind: 'relation',
    schema: 'public',
    table: 'items',
    replicaIdentity: 'default',
    columns: [],
  },
  after: rows,
  before: rows,
  again: { times: [], dates: [], arrays: [], key: [], keyOf: rows, wanted: ['id'] },
};

function openStream(highWaterBytes = 1_000_000) {
  const queue = new PartitionQueue<KafkaChange>('t.public.items', 0, 'public.items', 0);
  const asked: string[] = [];
  const stream = new KafkaStream({
    database: 'd',
    queues: [queue],
    ends: { name: 't.transaction/0', offset: 0 },
    from: 0n,
    columnTypes: '{}',
    highWaterBytes,
    beats: new Beats({ context: 'c', direction: 'forward', stream: 't', last: 0 }),
  });
  const reader: TopicReader = {
    hold: () => asked.push('hold'),
    release: () => asked.push('release'),
    holdEnds: () => asked.push('holdEnds'),
    releaseEnds: () => asked.push('releaseEnds'),
    newest: async () => new Map(),
    commit: () => {},
    beat: () => {},
    close: async () => {},
  };
  stream.start(reader);
  let offset = 0;
  const add = (xid: number | null, order: number, previous: number, id: string): void => {
    const op = xid === null ? 'r' : 'c';
    stream.add(queue, {
      op,
      xid,
      order,
      mark: order,
      lsn: order,
      previous,
      offset,
      bytes: 10,
      shape,
      rekey: null,
      envelope: {
        op,
        before: null,
        after: { id },
        schema: 'public',
        table: 'items',
        xid,
        lsn: 1,
        previousCommit: previous,
        totalOrder: order,
        commitTimeUs: 5,
        snapshot: null,
      },
    });
    offset += 1;
  };
  let ends = 0;
  const end = (xid: number, lsn: number, count: number): void =>
    stream.addEnd({ xid, lsn, count, tables: new Map([['public.items', count]]), offset: ends++ });
  return { stream, queue, asked, add, end };
}
const ids = (messages: readonly StreamMessage[]): unknown[] =>
  messages.flatMap((message) =>
    message.kind === 'changes'
      ? message.events.map(({ after }) => after?.id)
      : message.kind === 'commit'
        ? ['commit']
        : [],
  );

describe('a stream from Kafka', () => {
  test('gives out nothing behind a change that cannot be read: its transaction never ends', async () => {
    const { stream, add, end } = openStream();
    add(1, 1, 0, 'a');
    end(1, 100, 1);
    add(2, 1, 100, 'b');
    add(2, 2, 100, 'bad');
    stream.pump();
    end(2, 200, 3);
    stream.pump();
    add(2, 3, 100, 'c');
    stream.pump();
    expect(ids(await stream.take())).toEqual(['a', 'commit']);
    await expect(stream.take()).rejects.toThrow('cannot be read');
    expect(stream.over).toBe(true);
  });

  test('the row of a snapshot is never applied without the offset behind it', async () => {
    const { stream, add, end } = openStream();
    add(1, 1, 0, 'a');
    add(null, 0, 0, 'snapshot');
    add(2, 1, 100, 'b');
    for (let n = 0; n < 3; n += 1) end(n + 1, 100 * (n + 1), 1);
    add(3, 1, 200, 'c');
    stream.pump();
    const messages = await stream.take();
    expect(ids(messages)).toEqual(['a', 'snapshot', 'commit', 'b', 'commit', 'c', 'commit']);
    const commits = messages.flatMap((message) =>
      message.kind === 'commit' ? [message.checkpoint?.['t.public.items/0']] : [],
    );
    expect(commits).toEqual(['2', undefined, '4']);
  });

  test('the row of a snapshot does not part the halves of a moved key', async () => {
    const { stream, queue, add, end } = openStream();
    const half = (
      rekey: 'from' | 'to' | null,
      order: number,
      id: string,
      { xid = 1, ...more }: { xid?: number; stays?: { id: string } } = {},
    ): void => {
      const row =
        rekey === 'to'
          ? { op: 'c' as const, before: null, after: { id } }
          : { op: 'd' as const, before: { id }, after: null };
      const previous = (xid - 1) * 100;
      stream.add(queue, {
        op: row.op,
        xid,
        order,
        mark: order,
        lsn: order,
        previous,
        offset: 100 * xid + order,
        bytes: 10,
        shape,
        rekey,
        ...more,
        envelope: {
          ...row,
          schema: 'public',
          table: 'items',
          xid,
          lsn: 1,
          previousCommit: previous,
          totalOrder: order,
          commitTimeUs: 5,
          snapshot: null,
        },
      });
    };
    half('from', 1, 'old');
    add(null, 0, 0, 'snapshot');
    half('to', 2, 'new');
    end(1, 100, 2);
    stream.pump();
    const came = async () =>
      (await stream.take())
        .flatMap((message) => (message.kind === 'changes' ? message.events : []))
        .map(({ op, before, after }) => [op, before?.id ?? null, after?.id ?? null]);
    expect(await came()).toEqual([
      ['u', 'old', 'new'],
      ['r', null, 'snapshot'],
    ]);
    // the row that the source has under the old key all the same comes behind the move, or behind the row that went
    half('from', 1, 'there', { xid: 2, stays: { id: 'there' } });
    half('to', 2, 'moved', { xid: 2 });
    end(2, 200, 2);
    half(null, 1, 'there', { xid: 3, stays: { id: 'there' } });
    end(3, 300, 1);
    stream.pump();
    expect(await came()).toEqual([
      ['u', 'there', 'moved'],
      ['r', null, 'there'],
      ['d', 'there', null],
      ['r', null, 'there'],
    ]);
  });

  test('stops reading a partition whose changes nobody takes, and goes on when they are taken', async () => {
    const { stream, asked, add, end } = openStream(50_000);
    for (let n = 1; n <= 4000; n += 1) add(1, n, 0, `${n}`);
    expect(asked).toEqual(['hold']);
    end(1, 100, 4000);
    let taken = 0;
    stream.pump();
    while (taken < 4000) taken += ids(await stream.take()).filter((id) => id !== 'commit').length;
    expect(asked).toEqual(['hold', 'release']);
  });
});
