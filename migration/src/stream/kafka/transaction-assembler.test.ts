import { describe, expect, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import fc from 'fast-check';
import { PartitionQueue, type QueuedChange } from './partition-queue.ts';
import { TransactionAssembler, type TransactionEnd } from './transaction-assembler.ts';

interface Change extends QueuedChange {
  readonly name: string;
}

type Message =
  | { readonly to: 'transactions'; readonly end: Omit<TransactionEnd, 'offset'> }
  | { readonly to: PartitionQueue<Change>; readonly change: Omit<Change, 'offset'> };

const partitions = 3;
const makeQueues = (): PartitionQueue<Change>[] =>
  ['public.a', 'public.b'].flatMap((table) =>
    Array.from(
      { length: partitions },
      (_, partition) => new PartitionQueue<Change>(`t.${table}`, partition, table, 0),
    ),
  );

/** A transaction as its changes' keys; the table is the key's parity. */
type Keys = readonly number[];
const endOf = (index: number): number => 1000 + index * 100;

function messagesOf(
  keys: Keys,
  index: number,
  queues: readonly PartitionQueue<Change>[],
  { from = 0, place }: { from?: number; place?: number } = {},
): Message[] {
  const previous = index === 0 ? 0 : endOf(index - 1);
  const tables = new Map<string, number>();
  const changes = keys.map((key, order): Message => {
    const table = key % 2 === 0 ? 'public.a' : 'public.b';
    tables.set(table, (tables.get(table) ?? 0) + 1);
    const queue = queues.filter((candidate) => candidate.table === table)[key % partitions]!;
    return {
      to: queue,
      change: {
        op: 'u',
        xid: 700 + index,
        order: order + 1,
        mark: index * 100 + order,
        lsn: place ?? index * 100 + order,
        previous,
        bytes: 10,
        name: `${index}.${order}`,
      },
    };
  });
  return [
    ...changes.slice(from),
    {
      to: 'transactions',
      end: { xid: 700 + index, lsn: endOf(index), count: keys.length, tables },
    },
  ];
}

/** Keeps the order within each partition and mixes everything else. */
function interleave(messages: readonly Message[], choices: readonly number[]): Message[] {
  const lines = new Map<unknown, Message[]>();
  for (const message of messages)
    lines.set(message.to, [...(lines.get(message.to) ?? []), message]);
  const result: Message[] = [];
  for (let at = 0; lines.size > 0; at += 1) {
    const names = [...lines.keys()];
    const name = names[(choices[at % choices.length] ?? 0) % names.length];
    const line = lines.get(name)!;
    result.push(line.shift()!);
    if (line.length === 0) lines.delete(name);
  }
  return result;
}

function run(
  queues: readonly PartitionQueue<Change>[],
  messages: readonly Message[],
  options: { position?: number; gulp?: number } = {},
): { given: string[]; ends: number[]; assembler: TransactionAssembler<Change> } {
  const given: string[] = [];
  const ends: number[] = [];
  let taken = 0;
  const assembler = new TransactionAssembler<Change>(queues, options.position ?? 0, {
    change: (change) => {
      given.push(change.name);
      taken += 1;
    },
    end: ({ lsn }) => ends.push(lsn),
  });
  const offsets = new Map<unknown, number>();
  for (const message of messages) {
    const offset = offsets.get(message.to) ?? 0;
    offsets.set(message.to, offset + 1);
    if (message.to === 'transactions') assembler.addEnd({ ...message.end, offset });
    else assembler.add(message.to, { ...message.change, offset });
    taken = 0;
    assembler.pump(() => taken >= (options.gulp ?? Infinity));
  }
  // where numbers clash Kafka is asked twice
  for (let idle = 0; idle < 3; idle += 1) {
    const before = given.length + ends.length;
    taken = 0;
    const waiting = assembler.unsettled;
    if (waiting !== null) assembler.settle(waiting.end, newestOf(queues));
    assembler.pump(() => taken >= (options.gulp ?? Infinity));
    if (before !== given.length + ends.length) idle = 0;
  }
  return { given, ends, assembler };
}

const newestOf = (queues: readonly PartitionQueue<Change>[]): ReadonlyMap<string, number> =>
  new Map(queues.map(({ name, received }) => [name, received]));
const namesOf = (transactions: readonly Keys[], from = 0): string[] =>
  transactions.flatMap((keys, index) =>
    index < from ? [] : keys.map((_, order) => `${index}.${order}`),
  );
const someTransactions = fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 8,
});

describe('putting transactions together', () => {
  test('what came again for a table that rests since is passed, so that nothing of it looks unread', () => {
    const queues = makeQueues();
    const [first, second, third] = [[0], [1], [1]].map((keys, index) =>
      messagesOf(keys, index, queues),
    );
    const { given } = run(queues, [...first!, ...second!, ...first!, ...second!, ...third!]);
    expect(given).toEqual(['0.0', '1.0', '2.0']);
    expect(queues.map(({ received, consumed }) => received - consumed)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('changes from before the position are passed, though their table rests since: also the first ones of a connector, which know no commit before them', () => {
    const queues = makeQueues();
    const [first, second, third] = [[0], [2], [1]].map((keys, index) =>
      messagesOf(keys, index, queues),
    );
    const { given } = run(queues, [...first!, ...second!, ...third!], { position: endOf(1) });
    expect(given).toEqual(['2.0']);
    expect(queues.map(({ received, consumed }) => received - consumed)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('what waits for its own end is not taken for a repetition', () => {
    const queues = makeQueues();
    const [first, second] = [[1], [0, 2]].map((keys, index) => messagesOf(keys, index, queues));
    const [early, ...rest] = second!;
    expect(run(queues, [early!, ...first!, ...rest]).given).toEqual(['0.0', '1.0', '1.1']);
  });

  test('gives out every transaction whole and in commit order, however partitions are interleaved', () => {
    fc.assert(
      fc.property(
        someTransactions,
        fc.array(fc.nat(100), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        (transactions, choices, gulp) => {
          const queues = makeQueues();
          const messages = interleave(
            transactions.flatMap((keys, index) => messagesOf(keys, index, queues)),
            choices,
          );
          const { given, ends } = run(queues, messages, { gulp });
          expect(given).toEqual(namesOf(transactions));
          expect(ends).toEqual(transactions.map((_, index) => endOf(index)));
        },
      ),
    );
  });

  test('gives out nothing twice when the connector sends everything from some change on again, several times', () => {
    fc.assert(
      fc.property(
        someTransactions,
        fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.nat(7)), { maxLength: 3 }),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 40 }),
        (transactions, crashes, choices) => {
          const queues = makeQueues();
          const all: Message[] = [];
          let reached = 0;
          for (const [crashAt, cutAt, back] of crashes) {
            const crash = Math.min(
              transactions.length - 1,
              Math.max(reached, crashAt % transactions.length),
            );
            // up to some change of one transaction, without its end
            for (let index = reached; index < crash; index += 1)
              all.push(...messagesOf(transactions[index]!, index, queues));
            const half = messagesOf(transactions[crash]!, crash, queues);
            const cut = cutAt % half.length;
            all.push(...half.slice(0, cut));
            // the stored offset lies anywhere before: in the middle of a transaction as well
            reached = Math.max(0, crash - (back % 3));
            const resume =
              reached === crash ? back % (cut + 1) : back % transactions[reached]!.length;
            all.push(
              ...messagesOf(transactions[reached]!, reached, queues, {
                from: Math.min(resume, transactions[reached]!.length),
              }),
            );
            reached += 1;
          }
          for (let index = reached; index < transactions.length; index += 1)
            all.push(...messagesOf(transactions[index]!, index, queues));
          const { given } = run(queues, interleave(all, choices));
          expect(given).toEqual(namesOf(transactions));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('begins behind a position although the offsets point to messages from long before', () => {
    fc.assert(
      fc.property(
        someTransactions,
        fc.nat(7),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 40 }),
        (transactions, applied, choices) => {
          const from = applied % transactions.length;
          const queues = makeQueues();
          const messages = interleave(
            transactions.flatMap((keys, index) => messagesOf(keys, index, queues)),
            choices,
          );
          const { given } = run(queues, messages, { position: from === 0 ? 0 : endOf(from - 1) });
          expect(given).toEqual(namesOf(transactions, from));
        },
      ),
    );
  });

  test('stops when a change is missing and later ones are there', () => {
    const queues = makeQueues();
    const messages = [
      ...messagesOf([0, 2, 4, 6], 0, queues),
      ...messagesOf([0, 2, 4], 1, queues),
    ].filter((message) => message.to === 'transactions' || message.change.name !== '0.1');
    expect(() => run(queues, messages)).toThrow(expect.objectContaining({ code: 'POSITION_GAP' }));
  });

  test('waits with a transaction whose changes share a place until its partitions are read to where they ended', () => {
    const queues = makeQueues();
    const [first, second] = [[0, 2], [1]].map((keys, index) =>
      messagesOf(keys, index, queues, { place: index === 0 ? 5 : 6 }),
    );
    const ends: number[] = [];
    const assembler = new TransactionAssembler<Change>(queues, 0, {
      change: () => undefined,
      end: ({ lsn }) => void ends.push(lsn),
    });
    const take = (messages: readonly Message[], offset = 0): void => {
      for (const message of messages) {
        if (message.to === 'transactions') assembler.addEnd({ ...message.end, offset });
        else assembler.add(message.to, { ...message.change, offset });
        assembler.pump(() => false);
      }
    };
    take([...first!, ...second!]);
    const waiting = assembler.unsettled!;
    expect([ends, waiting.end.xid]).toEqual([[], 700]);
    const newest = new Map(queues.map(({ name }) => [name, 0]));
    for (const message of first!) if (message.to !== 'transactions') newest.set(message.to.name, 2);
    assembler.settle(waiting.end, newest);
    assembler.pump(() => false);
    expect([ends, assembler.unsettled]).toEqual([[], null]);
    take(first!.slice(0, 2), 1);
    expect(ends).toEqual([endOf(0), endOf(1)]);
  });

  test('waits no longer where its partitions hold later transactions, nor for a transaction of one change', () => {
    const queues = makeQueues();
    const { assembler, ends } = run(
      queues,
      [[0, 0], [0], [1]].flatMap((keys, index) => messagesOf(keys, index, queues, { place: 5 })),
    );
    expect([ends, assembler.unsettled]).toEqual([[endOf(0), endOf(1), endOf(2)], null]);
  });

  test('stops when a connector that was started again counts other rows, wherever it goes on and whichever partition is read first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(11), { minLength: 4, maxLength: 12 }),
        fc.nat(11),
        fc.nat(11),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.array(fc.nat(100), { minLength: 1, maxLength: 40 }),
        (keys, sentBefore, stored, slipped, leftOut, choices) => {
          const queues = makeQueues();
          // sent up to here, of which the stored offset knows a part: at least one number comes again
          const sent = 2 + (sentBefore % (keys.length - 2));
          const from = Math.min(stored % sent, sent - 1);
          const all = messagesOf(keys, 0, queues, { place: 5 });
          const goesOn = leftOut ? from + slipped : Math.max(0, from - slipped);
          const again = all
            .slice(goesOn, -1)
            .map((message, n): Message =>
              message.to === 'transactions'
                ? message
                : { ...message, change: { ...message.change, order: from + n + 1 } },
            );
          // one row again under the next number: nothing is left out, see below
          fc.pre(goesOn !== from - 1);
          // with one change left nothing shares a place: a single row that is lost leaves no trace in Kafka
          fc.pre(goesOn !== from && from + again.length > 1);
          const end = all.at(-1)!;
          const messages = [
            ...all.slice(0, sent),
            ...again,
            end.to === 'transactions'
              ? { ...end, end: { ...end.end, count: from + again.length } }
              : end,
          ];
          const ran = (): unknown => run(queues, interleave(messages, choices)).ends;
          expect(ran).toThrow(expect.objectContaining({ code: 'POSITION_GAP' }));
        },
      ),
      { numRuns: 500 },
    );
  });

  /** What runs of a connector send of one COPY, some of whose rows share a place: each goes on counting at what is stored. */
  const copyInRuns = (
    keys: Keys,
    queues: readonly PartitionQueue<Change>[],
    runs: readonly { readonly stored: number; readonly row: number; readonly until: number }[],
    sharing = 3,
  ): { rows: Message[]; end: Message; numbers: number } => {
    const all = messagesOf(keys, 0, queues);
    const end = all.pop()!;
    let numbers = 0;
    const rows = runs.flatMap(({ stored, row, until }) => {
      const sent = all.slice(row, until);
      numbers = stored + sent.length;
      return sent.map((message, n): Message =>
        message.to === 'transactions'
          ? message
          : {
              ...message,
              change: {
                ...message.change,
                order: stored + n + 1,
                lsn: 5 + Math.floor((row + n) / sharing),
              },
            },
      );
    });
    return {
      rows,
      end: end.to === 'transactions' ? { ...end, end: { ...end.end, count: numbers } } : end,
      numbers,
    };
  };
  const someKeys = fc.array(fc.nat(11), { minLength: 4, maxLength: 14 });
  const someChoices = fc.array(fc.nat(100), { minLength: 1, maxLength: 40 });

  test('gives out a COPY of 2,000 rows whole when Connect was killed behind its 12th row and sends the 9th again as the 10th', () => {
    const queues = makeQueues();
    const keys = Array.from({ length: 2000 }, (_, n) => 2 * n);
    const { rows, end, numbers } = copyInRuns(keys, queues, [
      { stored: 0, row: 0, until: 12 },
      { stored: 9, row: 8, until: 2000 },
    ]);
    const later = messagesOf([0], 1, queues);
    const { given, ends } = run(queues, [...rows, end, ...later]);
    expect(numbers).toBe(2001);
    expect(given).toEqual(namesOf([keys, [0]]));
    expect(ends).toEqual([endOf(0), endOf(1)]);
    expect(queues.map(({ received, consumed }) => received - consumed)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('the same with a row less is not whole: it is waited for, and is a hole when others came behind it', () => {
    const missing = (later: boolean): (() => number[]) => {
      const queues = makeQueues();
      const keys = [0, 6, 12, 18, 24, 30, 1, 2, 3, 4, 5, 7, 9, 11];
      const { rows, end } = copyInRuns(keys, queues, [
        { stored: 0, row: 0, until: 4 },
        { stored: 2, row: 1, until: keys.length },
      ]);
      const lost = rows.filter(
        (message) => message.to !== 'transactions' && message.change.name !== '0.5',
      );
      const others = [0, 2, 4, 1, 3, 5];
      const behind = later ? messagesOf(others, 1, queues) : [];
      return () => run(queues, [...lost, end, ...behind]).ends;
    };
    expect(missing(false)()).toEqual([]);
    expect(missing(true)).toThrow(expect.objectContaining({ code: 'POSITION_GAP' }));
  });

  test('a connector that sends its last row again under the next number leaves nothing out: each is given out once, in order', () => {
    fc.assert(
      fc.property(
        someKeys,
        fc.nat(20),
        fc.nat(20),
        fc.integer({ min: 1, max: 4 }),
        someChoices,
        (keys, storedAt, sentAt, gulp, choices) => {
          const queues = makeQueues();
          const stored = 1 + (storedAt % (keys.length - 1));
          const until = stored + 1 + (sentAt % (keys.length - stored));
          const { rows, end } = copyInRuns(keys, queues, [
            { stored: 0, row: 0, until },
            { stored, row: stored - 1, until: keys.length },
          ]);
          // the end is read last: nothing is given out before
          const { given, ends } = run(queues, [...interleave(rows, choices), end], { gulp });
          expect(given).toEqual(namesOf([keys]));
          expect(ends).toEqual([endOf(0)]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('the same where partitions lag, and got less of what the offset does not know: whole, or not given out', () => {
    fc.assert(
      fc.property(
        someKeys,
        fc.nat(20),
        fc.nat(20),
        fc.array(fc.nat(4), { minLength: 6, maxLength: 6 }),
        someChoices,
        (keys, storedAt, sentAt, unsent, choices) => {
          const queues = makeQueues();
          const stored = 1 + (storedAt % (keys.length - 1));
          const until = stored + 1 + (sentAt % (keys.length - stored));
          const { rows, end } = copyInRuns(keys, queues, [
            { stored: 0, row: 0, until },
            { stored, row: stored - 1, until: keys.length },
          ]);
          // of what the offset does not know each partition may have got less
          const left = new Map(queues.map((queue, n) => [queue, unsent[n]!]));
          const arrived = rows.filter((message, n) => {
            if (message.to === 'transactions' || n < stored || n >= until) return true;
            const rest = left.get(message.to)!;
            left.set(message.to, rest - 1);
            return rest > 0;
          });
          try {
            const { given, ends } = run(queues, interleave([...arrived, end], choices));
            // where no number comes again a row is given out twice
            if (ends.length > 0)
              expect([...new Set(given)].toSorted()).toEqual(namesOf([keys]).toSorted());
          } catch (error) {
            if (!(error instanceof StranglerError)) throw error;
            expect(error.code).toBe('POSITION_GAP');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('however often it is started again and wherever it goes on, nothing is passed over as long as something comes again', () => {
    fc.assert(
      fc.property(
        someKeys,
        fc.array(
          fc.tuple(fc.integer({ min: 2, max: 6 }), fc.nat(5), fc.integer({ min: -2, max: 3 })),
          {
            minLength: 1,
            maxLength: 2,
          },
        ),
        someChoices,
        fc.boolean(),
        (keys, starts, choices, endLast) => {
          const queues = makeQueues();
          const runs: { stored: number; row: number; until: number }[] = [];
          let [stored, row] = [0, 0];
          for (const [length, back, jump] of starts) {
            const until = Math.min(keys.length, row + length);
            runs.push({ stored, row, until });
            // at least one number comes again
            const again = 1 + (back % Math.max(1, until - row));
            const reached = stored + until - row;
            row = Math.min(keys.length - 1, Math.max(0, until - again + jump));
            stored = Math.max(0, reached - again);
          }
          runs.push({ stored, row, until: keys.length });
          const { rows, end, numbers } = copyInRuns(keys, queues, runs, keys.length);
          fc.pre(numbers > 1);
          const messages = endLast
            ? [...interleave(rows, choices), end]
            : interleave([...rows, end], choices);
          try {
            const { given, ends } = run(queues, messages);
            if (ends.length > 0)
              expect([...new Set(given)].toSorted()).toEqual(namesOf([keys]).toSorted());
          } catch (error) {
            if (!(error instanceof StranglerError)) throw error;
            expect(error.code).toBe('POSITION_GAP');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  /** Where Debezium 3.7 goes on, told where it counts: `counted` of this record since it was started, the first one's BEGIN with them. */
  const resumed = (records: readonly number[], row: number, counted: number): number => {
    const place = records[row - 1]!;
    const begin = records.indexOf(place);
    const behind = records.lastIndexOf(place) + 1;
    // one of a record was sent: it takes the record for done
    if (counted <= 1) return behind;
    const goesOn = begin + counted - (begin === 0 ? 1 : 0);
    return Math.min(goesOn, behind);
  };

  test('of what Debezium 3.7 leaves out in a COPY nothing is passed over as long as something comes again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(11), { minLength: 6, maxLength: 20 }),
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 6 })), {
          minLength: 1,
          maxLength: 5,
        }),
        someChoices,
        fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
        (keys, sharing, starts, choices, most) => {
          const queues = makeQueues();
          const records = keys.map((_, n) => Math.floor(n / sharing));
          const runs: { stored: number; row: number; until: number }[] = [];
          const unsure: number[] = [];
          let [stored, row, counted] = [0, 0, 0];
          for (const [length, back] of starts) {
            const until = row + length;
            if (until >= keys.length || length <= back) continue;
            runs.push({ stored, row, until });
            const known = until - back;
            const place = records[known - 1]!;
            const since = Math.max(row, records.indexOf(place));
            unsure.push(known - row);
            stored += known - row;
            // the count begins anew where it was started
            counted = known - since;
            row = resumed(records, known, counted);
          }
          if (row >= keys.length) return;
          runs.push({ stored, row, until: keys.length });
          const { rows, end, numbers } = copyInRuns(keys, queues, runs, sharing);
          fc.pre(numbers > 1);
          // of what the offset does not know each partition may have got less, of one all the same something
          let at = 0;
          const arrived = runs.flatMap(({ row: begun, until }, nth) => {
            const sent = rows.slice(at, (at += until - begun));
            const sure = unsure[nth] ?? sent.length;
            const left = new Map(queues.map((queue, n) => [queue, most[n]!]));
            const rest = sent.slice(sure).filter((message) => {
              if (message.to === 'transactions') return true;
              left.set(message.to, left.get(message.to)! - 1);
              return left.get(message.to)! >= 0;
            });
            return [
              ...sent.slice(0, sure),
              ...(rest.length > 0 ? rest : sent.slice(sure, sure + 1)),
            ];
          });
          try {
            const { given, ends } = run(queues, [...interleave(arrived, choices), end]);
            if (ends.length > 0)
              expect([...new Set(given)].toSorted()).toEqual(namesOf([keys]).toSorted());
          } catch (error) {
            if (!(error instanceof StranglerError)) throw error;
            expect(error.code).toBe('POSITION_GAP');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('stops when the connector was started again right behind the first row of a record of a COPY and nothing came again', () => {
    const keys = [0, 2, 4, 6, 8, 10, 12];
    /** By row: the start that sent it, and its record; what was left out is not there, and nobody counts it. */
    const copied = (sent: readonly [start: number, record: number][], by?: number): unknown => {
      const queues = makeQueues();
      const messages = messagesOf(keys.slice(0, sent.length), 0, queues).map(
        (message, n): Message => {
          if (message.to === 'transactions')
            return {
              ...message,
              end: { ...message.end, producer: String(by ?? sent.at(-1)?.[0]) },
            };
          const [start, record] = sent[n] ?? [0, 0];
          const change = {
            ...message.change,
            op: 'c' as const,
            lsn: record,
            producer: String(start),
          };
          return { to: message.to, change };
        },
      );
      return run(queues, messages).ends;
    };
    const cut = expect.objectContaining({
      code: 'POSITION_GAP',
      message: expect.stringContaining('right behind change 4 of '),
    });
    const one = [1, 10] as [number, number];
    expect(() => copied([one, one, one, [1, 20], [2, 30], [2, 30]])).toThrow(cut);
    // the rest of the last record: its end alone tells
    expect(() => copied([one, one, one, [1, 20]], 2)).toThrow(cut);
    // within a record, between two, at its end; in one go; records of one row each, as statements leave them
    expect(copied([one, one, one, [1, 20], [2, 20], [2, 30]])).toEqual([endOf(0)]);
    expect(copied([one, one, one, [2, 20], [2, 30], [2, 30]])).toEqual([endOf(0)]);
    expect(copied([one, one, one, [1, 20], [1, 30], [1, 30]])).toEqual([endOf(0)]);
    expect(
      copied([
        [1, 10],
        [1, 20],
        [1, 30],
        [1, 40],
        [2, 50],
        [2, 60],
      ]),
    ).toEqual([endOf(0)]);
  });

  test('what came again shows that the new start of the connector left nothing out', () => {
    const queues = makeQueues();
    const keys = [0, 2, 4, 6, 8];
    const records = [10, 10, 10, 20, 30];
    const messages = messagesOf(keys, 0, queues).map((message, n): Message =>
      message.to === 'transactions'
        ? message
        : {
            to: message.to,
            change: {
              ...message.change,
              op: 'c',
              lsn: records[n] ?? 0,
              producer: n < 4 ? '1' : '2',
            },
          },
    );
    const fourth = messages[3];
    if (fourth === undefined || fourth.to === 'transactions') throw new Error('a change');
    const again: Message = { ...fourth, change: { ...fourth.change, producer: '2' } };
    expect(run(queues, messages.toSpliced(4, 0, again)).ends).toEqual([endOf(0)]);
  });

  test('stops when the end of a transaction is missing and later ones are there, also long after the beginning', () => {
    const without =
      (missing: number, before: readonly Keys[]): (() => unknown) =>
      () => {
        const queues = makeQueues();
        const all = [...before, [0, 2], [4, 1], [0]].flatMap((keys, index) =>
          messagesOf(keys, index, queues),
        );
        return run(
          queues,
          all.filter(
            (message) => message.to !== 'transactions' || message.end.xid !== 700 + missing,
          ),
          { position: 900 },
        );
      };
    const gap = expect.objectContaining({
      code: 'POSITION_GAP',
      message: expect.stringContaining('whose end is not in the transaction topic'),
    });
    expect(without(1, [[0]])).toThrow(gap);
    expect(
      without(
        45_000,
        Array.from({ length: 45_000 }, () => [0]),
      ),
    ).toThrow(gap);
  });

  test('waits for a change that may still come, and names where it waits', () => {
    const queues = makeQueues();
    const { given, ends, assembler } = run(
      queues,
      messagesOf([0, 1], 0, queues).filter(
        (message) => message.to === 'transactions' || message.change.name !== '0.1',
      ),
    );
    expect(given).toEqual(['0.0']);
    expect(ends).toEqual([]);
    expect(assembler.incomplete?.end.xid).toBe(700);
  });

  test('rows of an incremental snapshot keep their place among the changes of their partition', () => {
    const queues = makeQueues();
    const [queue] = queues;
    const row = (name: string): Message => ({
      to: queue!,
      change: { op: 'r', xid: null, order: 0, mark: 0, lsn: null, previous: 0, bytes: 10, name },
    });
    const { given } = run(queues, [
      row('r0'),
      ...messagesOf([0], 0, queues),
      row('r1'),
      ...messagesOf([6], 1, queues),
      row('r2'),
      ...messagesOf([1], 2, queues),
    ]);
    expect(given).toEqual(['r0', '0.0', 'r1', '1.0', 'r2', '2.0']);
  });

  test('says where to go on: no further than what was given out', () => {
    const queues = makeQueues();
    const messages = [...messagesOf([0, 6], 0, queues), ...messagesOf([0], 1, queues)].slice(0, -1);
    run(queues, messages);
    expect(queues[0]!.consumed).toBe(2);
    expect(queues[0]!.received).toBe(3);
  });

  test('a tombstone is passed with the change before it', () => {
    const queue = new PartitionQueue<Change>('t', 0, 'public.a', 5);
    queue.pass(5);
    expect(queue.consumed).toBe(6);
    queue.push({
      op: 'd',
      xid: 1,
      order: 1,
      mark: 1,
      lsn: 1,
      previous: 0,
      offset: 6,
      bytes: 1,
      name: 'd',
    });
    queue.pass(7);
    expect(queue.consumed).toBe(6);
    queue.pop();
    expect(queue.consumed).toBe(8);
  });
});
