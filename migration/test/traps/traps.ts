/** File under migration/, and the whole name of a test in it (or the part of a generated one that is written out). */
export type Proof = readonly [file: string, name: string];

export interface Trap {
  readonly what: string;
  readonly embedded?: readonly Proof[];
  readonly kafka?: readonly Proof[];
  /** The same for both: behind the transports. */
  readonly both?: readonly Proof[];
}

const parity = 'test/parity/parity.test.ts';
const changes = 'test/traps/kafka-changes.test.ts';
const group = 'test/traps/kafka-group.test.ts';
const slot = 'test/traps/kafka-slot.test.ts';
const apply = 'test/traps/kafka-apply.test.ts';
const crash = 'test/traps/kafka-crash.test.ts';
const stream = 'src/stream/kafka/kafka-stream.test.ts';
const assembler = 'src/stream/kafka/transaction-assembler.test.ts';
const embedded = 'test/stream/changes.test.ts';
const delivery = 'test/stream/delivery.test.ts';
const envelopes: Proof = [
  parity,
  'every envelope is equal: operation, old and new row, table, transaction, place in it, commit time',
];

/** What Debezium, Kafka and kafkajs, writing rows, and PostgreSQL's log do to whoever does not know, and the tests that stand guard. */
export const traps: readonly Trap[] = [
  // Debezium and Kafka
  {
    what: 'TRUNCATE is skipped by default, and has no key: it lies in any partition',
    kafka: [
      [
        changes,
        'TRUNCATE is not skipped and stands between the changes before and after it, whatever their partitions',
      ],
      envelopes,
    ],
    embedded: [[embedded, 'truncate of several tables is one event each']],
  },
  {
    what: "NULL becomes the column's default in the converter",
    kafka: [[changes, 'NULL in a column with a default stays NULL'], envelopes],
  },
  {
    what: 'numbers, times, intervals, 64-bit integers lose digits in JSON',
    kafka: [
      envelopes,
      [changes, '64-bit integers keep every digit, as keys and in arrays'],
      [
        'src/stream/kafka/decode/envelope.test.ts',
        'keeps every digit of 64-bit integers, in columns and in arrays',
      ],
    ],
    embedded: [
      [
        embedded,
        'values of every type are the text that PostgreSQL writes them as, whatever the role or server prefers',
      ],
    ],
  },
  {
    what: 'types that do not come whole: money, arrays of intervals, money and xml, time zones of times',
    kafka: [
      [
        'src/stream/kafka/decode/unsupported.test.ts',
        'types whose values lose something are refused, each with its reason',
      ],
    ],
  },
  {
    what: 'the placeholder of an unchanged large value differs by type, and data may equal it',
    kafka: [
      [
        changes,
        'an unchanged large value is absent in every type, and text that equals the usual placeholder is text',
      ],
      [changes, 'with REPLICA IDENTITY FULL an unchanged large value comes from the old row'],
    ],
    embedded: [
      [
        embedded,
        'an unchanged large value is absent; with REPLICA IDENTITY FULL it comes from the old row',
      ],
    ],
  },
  {
    what: 'a changed key is a delete, a tombstone and a create',
    kafka: [
      [changes, 'a changed key is one change with the old key, also when two rows swap theirs'],
      [changes, 'tombstones are no changes, and the stream goes on behind them'],
      [assembler, 'a tombstone is passed with the change before it'],
    ],
    embedded: [[embedded, 'a changed key brings the old key and nothing else of the old row']],
  },
  {
    what: 'a delete has its key only',
    kafka: [
      [
        changes,
        'a deleted row has its key and nothing that looks like a value of the other columns',
      ],
    ],
    embedded: [[embedded, 'a changed key brings the old key and nothing else of the old row']],
  },
  {
    what: 'LSNs of rows are not ordered across transactions',
    kafka: [
      [
        changes,
        'transactions come in the order of their commits though the LSNs of their rows are mixed',
      ],
      [
        parity,
        'the same transactions come in the same order, each with the same number of changes',
      ],
    ],
    embedded: [
      [
        parity,
        'the same transactions come in the same order, each with the same number of changes',
      ],
    ],
  },
  {
    what: 'rows of a COPY share LSNs',
    kafka: [
      [
        changes,
        'rows of a COPY, which share LSNs, keep their order and have positions that never repeat',
      ],
    ],
    embedded: [[embedded, 'COPY arrives row by row with positions that never repeat']],
  },
  {
    what: 'partitions know no transactions',
    kafka: [
      [
        apply,
        'whoever reads the target sees whole source transactions only, while rows of three partitions and two tables arrive',
      ],
      [
        assembler,
        'gives out every transaction whole and in commit order, however partitions are interleaved',
      ],
    ],
  },
  {
    what: 'delivery is at least once, also in the middle of a COPY',
    kafka: [
      [
        crash,
        'a COPY of 40,000 rows and small transactions around it come once each and in order though Connect was killed twice in between',
      ],
      [
        assembler,
        'gives out nothing twice when the connector sends everything from some change on again, several times',
      ],
      [apply, 'a reader that is stopped again and again applies no change twice and none never'],
    ],
  },
  {
    what: 'a change that a restart of the connector left out',
    kafka: [
      [assembler, 'stops when a change is missing and later ones are there'],
      [
        assembler,
        'stops when the end of a transaction is missing and later ones are there, also long after the beginning',
      ],
    ],
  },
  {
    what: 'filtered traffic pins the log',
    kafka: [
      [
        slot,
        'traffic outside of the publication does not pin the log: the heartbeat moves the slot on',
      ],
    ],
    embedded: [
      [delivery, 'an idle source answers a probe with a position at or past everything committed'],
    ],
  },
  {
    what: 'a slot ahead of the offset skips silently',
    kafka: [
      [
        slot,
        'a slot that was moved on while a reader ran skips a beat: POSITION_GAP, and nothing behind the hole is given out',
      ],
    ],
    embedded: [
      [delivery, 'a slot made anew behind our back is past the wanted position: POSITION_GAP'],
    ],
  },
  {
    what: 'a connector makes a lost slot anew',
    kafka: [
      [
        slot,
        'a slot that was dropped is SLOT_LOST: while reading, at the start of a reader and of the connector, which does not make it anew',
      ],
      [
        slot,
        'a slot that was made anew by hand stops the reader with POSITION_GAP, though the connector is asked to go on',
      ],
    ],
    embedded: [[delivery, 'a slot that is gone is SLOT_LOST']],
  },
  {
    what: 'a task that failed stays so, and the stream only looks quiet',
    kafka: [
      [
        slot,
        'a slot that was made anew by hand stops the reader with POSITION_GAP, though the connector is asked to go on',
      ],
    ],
  },
  {
    what: 'a connector without transaction metadata',
    kafka: [
      [
        slot,
        'a connector that runs without provide.transaction.metadata is CONNECTOR_FAILED, not a stream without transactions',
      ],
    ],
  },
  {
    what: 'incremental snapshots read rows between changes of the same rows',
    kafka: [
      [apply, 'rows of an incremental snapshot stand in order with the changes of their keys'],
      [stream, 'the row of a snapshot is never applied without the offset behind it'],
      [
        assembler,
        'rows of an incremental snapshot keep their place among the changes of their partition',
      ],
    ],
  },
  {
    what: 'messages do not say their schema: columns come, go and change their types',
    kafka: [
      [
        changes,
        'a column that is dropped before its rows were read is left out, one that is added is there',
      ],
      ['src/stream/kafka/column-types.test.ts', 'a date that became a timestamp stops the stream'],
    ],
  },
  {
    what: 'a value that cannot be read, in the middle of a transaction',
    kafka: [
      [stream, 'gives out nothing behind a change that cannot be read: its transaction never ends'],
    ],
  },
  {
    what: 'kafkajs: committed offsets are not what was applied',
    kafka: [
      [
        group,
        'offsets that the group committed are never believed: those stored with the data are',
      ],
      [group, 'a reader goes on from its checkpoint: what was applied does not come again'],
    ],
  },
  {
    what: 'kafkajs: rebalances and zombies',
    kafka: [
      [
        group,
        'the worker that began last gets all partitions; the earlier one fails and what it has is still in order',
      ],
      [group, 'a zombie that was overtaken and comes back does not get its partitions again'],
    ],
  },
  {
    what: 'kafkajs: no back-pressure of its own, no heartbeat while a batch is worked on',
    kafka: [
      [
        group,
        'a consumer that takes nothing stops the reading, and loses nothing of 100,000 changes',
      ],
      [
        stream,
        'stops reading a partition whose changes nobody takes, and goes on when they are taken',
      ],
    ],
  },
  {
    what: 'kafkajs: goes on at the oldest message when the wanted one is gone',
    kafka: [
      [
        group,
        'messages that retention removed before they were read are POSITION_GAP, at the start and while reading',
      ],
      [
        group,
        "an offset that was passed over is a gap when retention took its message, and none when it was a marker of Kafka's own",
      ],
      [
        group,
        'a topic that ends before what was read of it is POSITION_GAP: somebody made it anew',
      ],
    ],
  },
  {
    what: 'kafkajs: warnings of newer Node',
    kafka: [
      [
        'src/stream/kafka/kafka-client.test.ts',
        'the noise of kafkajs about negative timeouts is kept off the screen, other warnings are not',
      ],
    ],
  },
  // Apply
  {
    what: 'a key twice in one statement',
    both: [
      ['src/apply/collapse.test.ts', 'names a row at most once per step'],
      ['src/apply/collapse.test.ts', 'leaves the same rows as applying every change in order'],
    ],
  },
  {
    what: 'unique values that change places between rows',
    both: [
      [
        'test/apply.test.ts',
        'an absent value keeps what is there, a changed key moves the row, and unique values may change places',
      ],
    ],
  },
  {
    what: 'unavailable values and deletes, which simple sinks leave out',
    both: [
      [
        'test/apply.test.ts',
        'an absent value keeps what is there, a changed key moves the row, and unique values may change places',
      ],
      [parity, 'is verified against the source without a difference'],
    ],
  },
  {
    what: 'triggers and foreign keys of the target',
    both: [
      [
        apply,
        'triggers of the target do not run for rows that replication writes: they ran where the rows were made',
      ],
      [
        'test/replica/initial-copy.test.ts',
        'carries names, parts, value maps, constants and awkward values, past fences and foreign keys',
      ],
    ],
  },
  {
    what: 'a row that the target refuses',
    both: [
      [
        'test/apply.test.ts',
        'a refused row waits with its later changes while others pass; a truncate ends the waiting',
      ],
    ],
    kafka: [
      [
        apply,
        'a change that the target refuses goes to the dead letters with its key; the stream goes on',
      ],
    ],
  },
  // pgoutput
  {
    what: 'acknowledging what was received, not what was applied',
    embedded: [
      [
        delivery,
        'nothing is acknowledged before acknowledge(): a stream opened anew gives the same changes again',
      ],
    ],
  },
  {
    what: 'feedback that stops under back-pressure ends the connection',
    embedded: [
      [
        delivery,
        'a transaction of 200,000 rows passes through bounded memory, and a consumer slower than wal_sender_timeout loses nothing',
      ],
    ],
  },
  {
    what: 'what was rolled back',
    embedded: [[embedded, 'what was rolled back to a savepoint never appears'], envelopes],
    kafka: [envelopes],
  },
  {
    what: 'relations are sent again after DDL, also within a transaction',
    embedded: [
      [
        embedded,
        'a table altered in the middle of the stream, even of a transaction, is read as it is at each change',
      ],
    ],
  },
  {
    what: 'NULLs of a key-only tuple are no values',
    embedded: [
      [
        'src/stream/embedded/pgoutput-decoder.test.ts',
        'NULLs of a key-only tuple are not taken for old values',
      ],
    ],
  },
  {
    what: 'copy and stream must meet without a gap or a row twice',
    both: [
      [
        'test/replica/initial-copy.test.ts',
        '200,000 rows in parallel ranges while writes go on: the copy is the snapshot, the stream is the rest, together they are the source',
      ],
    ],
    kafka: [
      [
        'test/worker/kafka.test.ts',
        'copies, then keeps the service equal to the monolith, whatever changes',
      ],
    ],
  },
  {
    what: 'changes that replication made come back',
    embedded: [[embedded, 'writes that replication itself made do not come back']],
  },
];
