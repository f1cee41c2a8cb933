import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import type { StreamMessage } from '../change-stream.ts';
import { EmbeddedStream } from './embedded-stream.ts';
import type { Walsender } from './walsender.ts';

const int64 = (value: bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const copyData = (...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from('d'), int32(body.length + 4), body]);
};
const data = (lsn: bigint, ...message: Buffer[]): Buffer =>
  copyData(Buffer.from('w'), int64(lsn), int64(lsn), int64(0n), ...message);
const keepalive = (walEnd: bigint, reply = 0): Buffer =>
  copyData(Buffer.from('k'), int64(walEnd), int64(0n), Buffer.from([reply]));
const begin = (commitLsn: bigint): Buffer =>
  data(commitLsn, Buffer.from('B'), int64(commitLsn), int64(0n), int32(7));
const commit = (commitLsn: bigint, endLsn: bigint): Buffer =>
  data(endLsn, Buffer.from('C\0'), int64(commitLsn), int64(endLsn), int64(0n));

/** A server that says what it is told to, and notes what it is told. */
class FakeSocket extends EventEmitter {
  writable = true;
  readonly paused: boolean[] = [];
  readonly feedback: { received: bigint; durable: bigint; applied: bigint; reply: number }[] = [];
  write(frame: Buffer): void {
    this.feedback.push({
      received: frame.readBigUInt64BE(6),
      durable: frame.readBigUInt64BE(14),
      applied: frame.readBigUInt64BE(22),
      reply: frame.readUInt8(38),
    });
  }
  pause(): void {
    this.paused.push(true);
  }
  resume(): void {
    this.paused.push(false);
  }
  destroy(): void {}
}

interface Given {
  readonly highWaterBytes?: number;
  readonly feedbackMs?: number;
  readonly signal?: AbortSignal;
  /** Instead of a start. */
  readonly refusal?: Error;
}

async function scene({
  highWaterBytes = 2_000_000,
  feedbackMs = 60_000,
  signal,
  refusal,
}: Given = {}) {
  const socket = new FakeSocket();
  let walsender: Walsender | undefined;
  let ended = false;
  const connection = Object.assign(new EventEmitter(), {
    stream: socket,
    query: () =>
      setImmediate(() => {
        if (refusal) walsender?.handleError(refusal);
        else connection.emit('replicationStart');
      }),
  });
  const client = {
    query: (query: Walsender) => {
      walsender = query;
      query.submit(connection as unknown as pg.Connection);
    },
    end: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ended = true;
    },
  } as unknown as pg.Client;
  const stream = new EmbeddedStream({
    client,
    slot: 'slot',
    database: 'shop',
    command: 'START',
    from: 100n,
    limits: { events: 10, bytes: 1000 },
    highWaterBytes,
    feedbackMs,
    signal,
  });
  await stream.start();
  return {
    stream,
    socket,
    ended: () => ended,
    say: (...frames: Buffer[]) => void socket.emit('data', Buffer.concat(frames)),
    breaks: (error: unknown) => walsender?.handleError(error),
    told: async () =>
      (await stream.take()).map((message: StreamMessage) =>
        'lsn' in message
          ? `${message.kind} ${message.lsn}`
          : 'endLsn' in message
            ? `${message.kind} ${message.endLsn}`
            : message.kind,
      ),
  };
}

describe('the stream of a slot', () => {
  test('takes a keepalive for an idle position, but not inside a transaction: it is past changes that were not sent', async () => {
    const { stream, say, told } = await scene();
    say(keepalive(150n), begin(200n), keepalive(300n), commit(200n, 210n));
    expect(await told()).toEqual(['idle 150', 'begin', 'commit 210']);
    say(keepalive(310n));
    expect(await told()).toEqual(['idle 310']);
    await stream.close();
  });

  test('tells the server what it received, and apart from that what was acknowledged, which never goes back', async () => {
    const { stream, socket, say } = await scene();
    expect(socket.feedback).toEqual([{ received: 100n, durable: 100n, applied: 100n, reply: 1 }]);
    say(begin(200n), commit(200n, 210n), keepalive(230n, 1));
    expect(socket.feedback.at(-1)).toEqual({
      received: 230n,
      durable: 100n,
      applied: 100n,
      reply: 0,
    });
    stream.acknowledge(210n);
    expect(socket.feedback.at(-1)).toEqual({
      received: 230n,
      durable: 210n,
      applied: 210n,
      reply: 0,
    });
    const told = socket.feedback.length;
    stream.acknowledge(200n);
    stream.acknowledge(210n);
    expect(socket.feedback).toHaveLength(told);
    stream.acknowledge(400n);
    expect(socket.feedback.at(-1)).toMatchObject({ received: 400n, durable: 400n });
    stream.probe();
    expect(socket.feedback.at(-1)).toMatchObject({ durable: 400n, reply: 1 });
    await stream.close();
    expect(socket.feedback.at(-1)).toMatchObject({ durable: 400n });
  });

  test('an older message does not take back what was received, and a keepalive of nowhere is no position', async () => {
    const { stream, socket, say, told } = await scene();
    say(keepalive(300n), keepalive(0n, 1), begin(200n), commit(200n, 210n), keepalive(250n, 1));
    expect(socket.feedback.map(({ received }) => received)).toEqual([100n, 300n, 300n]);
    expect(await told()).toEqual(['idle 300', 'begin', 'commit 210', 'idle 250']);
    await stream.close();
  });

  test('stops reading when too much waits, and goes on when it was taken', async () => {
    const { stream, socket, say, told } = await scene({ highWaterBytes: 500 });
    say(begin(200n), commit(200n, 210n));
    expect(socket.paused).toEqual([]);
    say(begin(220n));
    expect(socket.paused).toEqual([true]);
    await told();
    expect(socket.paused).toEqual([true, false]);
    await stream.close();
  });

  test('that breaks hands out what it read, and then says so with a code', async () => {
    const { stream, say, breaks, told } = await scene();
    say(begin(200n), commit(200n, 210n));
    breaks(Object.assign(new Error('slot was invalidated'), { code: '55000' }));
    expect(await told()).toEqual(['begin', 'commit 210']);
    await expect(told()).rejects.toMatchObject({ code: 'SLOT_LOST' });
    await stream.close();
  });

  test('that is closed hands out nothing more, whatever still comes', async () => {
    const { stream, socket, say, told, ended } = await scene();
    say(begin(200n));
    stream.probe();
    expect(socket.feedback.at(-1)).toMatchObject({ received: 200n, durable: 100n });
    const closing = stream.close();
    expect(stream.close()).toBe(closing);
    say(commit(200n, 210n), keepalive(300n));
    expect(await told()).toEqual([]);
    await closing;
    expect(await told()).toEqual([]);
    // It says goodbye with what was acknowledged, and asks for nothing.
    expect(socket.feedback.at(-1)).toMatchObject({ durable: 100n, reply: 0 });
    expect(socket.feedback).toHaveLength(3);
    expect(ended()).toBe(true);
  });

  test('that does not start says why', async () => {
    const refusal = Object.assign(new Error('slot is active'), { code: '55006' });
    await expect(scene({ refusal })).rejects.toBe(refusal);
  });

  test('tells the server again and again where it stands while nothing comes, until it is closed', async () => {
    const { stream, socket } = await scene({ feedbackMs: 1 });
    while (socket.feedback.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(socket.feedback[3]).toEqual({ received: 100n, durable: 100n, applied: 100n, reply: 0 });
    await stream.close();
    const told = socket.feedback.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(socket.feedback).toHaveLength(told);
  });

  test('ends with its signal, also one that came before it began', async () => {
    const abort = new AbortController();
    const { told, ended } = await scene({ signal: abort.signal });
    abort.abort();
    expect(await told()).toEqual([]);
    while (!ended()) await new Promise((resolve) => setImmediate(resolve));
    const late = await scene({ signal: abort.signal });
    expect(late.ended()).toBe(true);
    expect(await late.told()).toEqual([]);
  });

  test('that is closed reads on, so that a server blocked in sending sees the end', async () => {
    const { stream, socket, say } = await scene({ highWaterBytes: 100 });
    say(begin(200n));
    expect(socket.paused).toEqual([true]);
    await stream.close();
    expect(socket.paused.at(-1)).toBe(false);
  });
});
