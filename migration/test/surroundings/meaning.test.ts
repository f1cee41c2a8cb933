import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { prepareApplySession } from '../../src/apply/apply-session.ts';
import type { RowChange } from '../../src/apply/row-change.ts';
import { writeChanges } from '../../src/apply/write-changes.ts';
import { writeTargets } from '../../src/apply/write-target.ts';
import { connect } from '../../src/database/connect.ts';
import { examineMapping } from '../../src/mapping/examine-mapping.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { readFilePaths } from '../../src/surroundings/file-paths.ts';
import { constraintSurroundings } from '../../src/surroundings/constraint-questions.ts';
import { readConstraints } from '../../src/surroundings/constraints.ts';
import { isOpen, lookAround } from '../../src/surroundings/index.ts';
import { verify, type VerifyResult } from '../../src/verify/index.ts';
import { checkFit } from '../../src/worker/schema-check.ts';
import { type Pair, testPair } from '../replica/pair.ts';

/** Letters that order otherwise in bytes and in a dictionary. */
const keys = `(SELECT string_agg(x, '') FROM unnest(ARRAY['a','B','ä','_','Z','z']) WITH ORDINALITY u(x, i) WHERE (n >> i::int) & 1 = 1)`;
const both = `
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION noaccent (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE loose (id int PRIMARY KEY, c text COLLATE nocase);
CREATE TABLE keyed (c text COLLATE nocase PRIMARY KEY, n int);`;
/** With columns called so on either side: what both ask is the same, whatever it is called. */
const ruled = (total: string, state: string, at: string, code: string, during: string): string => `
CREATE TYPE kind AS ENUM ('x', 'it''s');
CREATE TABLE ruled (id int PRIMARY KEY, ${total} numeric CONSTRAINT positive CHECK (${total} >= 0), ${state}, ${at} int CONSTRAINT once UNIQUE,
  ${code} text, ${during} int4range, kind kind,
  CONSTRAINT early CHECK (${at} < ${total}), CONSTRAINT apart EXCLUDE USING gist (${during} WITH &&));
CREATE UNIQUE INDEX folded ON ruled (lower(${code})) WHERE ${at} > 0;
CREATE TABLE parted (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);`;
const mapped = (table: string, ...columns: string[]) => ({
  monolith: table,
  service: [{ table, columns: Object.fromEntries(columns.map((name) => [name, name])) }] as const,
  ids: columns[0] === 'id' ? { id: { reason: 'of this test' } } : {},
});

let pair: Pair;
beforeAll(async () => {
  pair = await testPair(
    'meaning',
    `${both}
     CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100) NOT NULL;
     CREATE TYPE state AS ENUM ('a', 'b'); CREATE DOMAIN stated AS state;
     CREATE TABLE words (word text COLLATE "C" PRIMARY KEY, n int);
     CREATE TABLE valued (id int PRIMARY KEY, share percent, at text, states state[], stated stated);
     ${ruled('total', `state varchar(9) CONSTRAINT listed CHECK (state IN ('a', 'b'))`, '"When"', 'code', 'during')}`,
    `${both}
     CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100) NOT NULL;
     CREATE TYPE state AS ENUM ('a', 'b'); CREATE DOMAIN stated AS state;
     CREATE TABLE words (word text COLLATE "und-x-icu" PRIMARY KEY, n int);
     CREATE TABLE valued (id int PRIMARY KEY, share percent, at state, states state[], stated stated);
     ${ruled('amount', `status text CONSTRAINT listed CHECK (status IN ('a', 'b'))`, 'due', 'label', 'span')}`,
    [
      mapped('words', 'word', 'n'),
      mapped('loose', 'id', 'c'),
      mapped('keyed', 'c', 'n'),
      mapped('valued', 'id', 'share', 'at', 'states', 'stated'),
      {
        ...mapped('ruled', 'id'),
        service: [
          {
            table: 'ruled',
            columns: {
              id: 'id',
              total: 'amount',
              state: 'status',
              When: 'due',
              code: 'label',
              during: 'span',
              kind: 'kind',
            },
          },
        ],
      },
      mapped('parted', 'id', 'n'),
    ],
  );
  await pair.monolith.client.query(
    `INSERT INTO words SELECT coalesce(${keys}, '') || n, n FROM generate_series(1, 500) n`,
  );
  await pair.copy();
  await pair.replicate(0);
});
afterAll(() => pair.close());

const open = async (definition: MigrationDefinition = pair.definition) =>
  (await lookAround(definition, pair.monolith.client, pair.service.client)).filter(isOpen);
const problems = async (): Promise<string[]> => {
  const { problems: found } = await examineMapping(
    pair.definition,
    pair.monolith.client,
    pair.service.client,
  );
  return found.map(({ code, message }) => `${code} ${message}`);
};
/** Alters one side in a transaction that is rolled back. */
async function altered<T>(side: Side, sql: string, look: () => Promise<T>): Promise<T> {
  const { client } = pair[side];
  await client.query(`BEGIN; ${sql}`);
  try {
    return await look();
  } finally {
    await client.query('ROLLBACK');
  }
}
const byBytes = (left: string, right: string): number => (left < right ? -1 : 1);
const sides: Side[] = ['monolith', 'service'];
const other = (side: Side): Side => (side === 'monolith' ? 'service' : 'monolith');

test.each(sides)(
  'a subscription of the %s to the whole of a mapped partition, or to what inherits from a mapped table, is a question, and to other tables none',
  async (side) => {
    const { client, url } = pair[other(side)];
    const feeding = `CREATE SUBSCRIPTION feeding_${side} CONNECTION '${url}' PUBLICATION feeding
      WITH (create_slot = false, slot_name = 'nowhere', copy_data = false)`;
    await client.query(`CREATE TABLE whole (n int); CREATE TABLE part (n int);
      CREATE PUBLICATION feeding FOR TABLE whole, part`);
    const asked = async () =>
      (await open())
        .filter(({ kind }) => kind === 'subscription')
        .map(({ about, problem }) => `${about}: ${problem}`);
    try {
      const parts = await altered(
        side,
        `CREATE TABLE whole (id int, c text COLLATE nocase) PARTITION BY RANGE (id);
         ALTER TABLE whole ATTACH PARTITION loose DEFAULT; CREATE TABLE part () INHERITS (keyed); ${feeding}`,
        asked,
      );
      expect(parts).toEqual([
        expect.stringContaining(
          `subscription to loose of the ${side}: feeding_${side} writes public.whole`,
        ),
        expect.stringContaining(
          `subscription to keyed of the ${side}: feeding_${side} writes public.part`,
        ),
      ]);
      const others = `CREATE TABLE whole (n int); CREATE TABLE part (n int); ${feeding}`;
      expect(await altered(side, others, asked)).toEqual([]);
    } finally {
      await client.query('DROP PUBLICATION feeding; DROP TABLE whole, part');
    }
  },
);

describe('texts that the two sides sort otherwise', () => {
  test('are a question that names columns, libraries and what answers differently, until it is decided', async () => {
    const [found, ...more] = (await open()).filter(({ kind }) => kind === 'sorting');
    expect(more).toEqual([]);
    expect(found?.problem).toMatch(
      /words\.word by C \(libc.*\) on the monolith and by und \(icu [\d.]+\) on the service: ORDER BY/,
    );
    expect(found?.remedy).toContain('contexts/shop: sorting: { reason:');
    const decided = { ...pair.definition, sorting: { reason: 'no list is sorted by words' } };
    expect((await open(decided)).filter(({ kind }) => kind === 'sorting')).toEqual([]);
  });

  test('are no question where both sort by bytes, whatever it is called', async () => {
    const found = await altered(
      'service',
      'ALTER TABLE words ALTER word TYPE text COLLATE "POSIX"',
      open,
    );
    expect(found.filter(({ kind }) => kind === 'sorting')).toEqual([]);
  });

  test('are compared row by row all the same: none is missed, and none is told that is alike', async () => {
    const verified = async (): Promise<[number, unknown[]]> => {
      const result: VerifyResult = await verify({
        mapping: pair.mapping,
        monolithUrl: pair.monolith.url,
        serviceUrl: pair.service.url,
        direction: 'forward',
        chunkRows: 16,
        appliedPosition: () => pair.appliedPosition(),
      });
      const words = result.tables.find(({ table }) => table.includes('words'));
      return [
        words?.rows ?? 0,
        (words?.differing ?? []).map(({ key }) => key[0] ?? '').toSorted(byBytes),
      ];
    };
    expect(await verified()).toEqual([500, []]);
    const { rows } = await pair.service.client.query<{ word: string }>(
      `DELETE FROM words WHERE n IN (7, 300) RETURNING word`,
    );
    await pair.service.client.query(`UPDATE words SET n = -1 WHERE n = 44 RETURNING word`);
    const changed = await pair.service.client.query<{ word: string }>(
      'SELECT word FROM words WHERE n = -1',
    );
    await pair.service.client.query(`INSERT INTO words VALUES ('Ä only here', 0)`);
    expect(await verified()).toEqual([
      500,
      [...rows, ...changed.rows]
        .map(({ word }) => word)
        .concat('Ä only here')
        .toSorted(byBytes),
    ]);
  });
});

describe('texts that a collation takes for equal', () => {
  test.each(sides)('other ones on the %s are a question', async (side) => {
    const alter = 'ALTER TABLE loose ALTER c TYPE text COLLATE';
    const asked = await altered(side, `${alter} noaccent`, async () => {
      // what runs runs on, also back
      expect(await problems()).toEqual([]);
      return (await open()).filter(({ about }) => about === 'values loose.c');
    });
    expect(asked).toEqual([
      expect.objectContaining({
        problem: expect.stringContaining('loose.c takes other texts for equal (und-u-ks-level'),
        remedy: expect.stringContaining("values['loose.c']: { reason:"),
      }),
    ]);
    expect(await altered(side, `${alter} "C"`, problems)).toEqual([
      expect.stringMatching(
        /^CONFIG_INVALID contexts\/shop: tables\[1\]\.service\[0\]\.columns\.c: .*takes texts for equal/,
      ),
    ]);
    expect(await problems()).toEqual([]);
  });

  test.each([
    ['forward', 'service'],
    ['reverse', 'monolith'],
  ] as const)(
    'a key that changes its case arrives as it was written, %s',
    async (direction, side) => {
      const client: pg.Client = await connect(pair[side].url, { applicationName: 'test' });
      await prepareApplySession(client, null);
      const change = (kind: string, rest: object): RowChange =>
        ({ table: 2, transaction: 1n, events: [], kind, ...rest }) as unknown as RowChange;
      await client.query(`INSERT INTO keyed VALUES ('Anna', 1), ('Bert', 1), ('Cleo', 1)`);
      try {
        await writeChanges(client, writeTargets(pair.mapping, direction), [
          change('rekey', {
            key: { c: 'ANNA' },
            oldKey: { c: 'Anna' },
            row: { c: 'ANNA', n: '2' },
            complete: true,
          }),
          change('delete', { key: { c: 'Bert' } }),
          change('put', { key: { c: 'BERT' }, row: { c: 'BERT', n: '2' }, fresh: false }),
          change('put', { key: { c: 'Cleo' }, row: { c: 'Cleo', n: '2' }, fresh: false }),
        ]);
        const { rows } = await client.query({
          text: 'SELECT c, n FROM keyed ORDER BY 1',
          rowMode: 'array',
        });
        expect(rows).toEqual([
          ['ANNA', '2'],
          ['BERT', '2'],
          ['Cleo', '2'],
        ]);
      } finally {
        await client.end();
      }
    },
  );
});

describe('values that one side lacks', () => {
  test.each(sides)(
    'labels of the %s under a domain or in an array are a question, and stop nothing that runs',
    async (side) => {
      const found = await altered(
        side,
        `ALTER TYPE state RENAME VALUE 'b' TO 'only ${side}'`,
        async () => {
          expect(await problems()).toEqual([]);
          await checkFit({
            definition: pair.definition,
            mapping: pair.mapping,
            direction: 'forward',
            monolith: pair.monolith.client,
            service: pair.service.client,
          });
          return (await open()).filter(({ kind }) => kind === 'values');
        },
      );
      for (const column of ['states', 'stated'])
        expect(found).toContainEqual(
          expect.objectContaining({
            about: `values valued.${column}`,
            problem: expect.stringContaining(
              `of the ${side} takes only one of 'a', 'only ${side}', which the ${other(side)} does not hold to`,
            ),
          }),
        );
    },
  );

  test.each(sides)(
    'labels of an enum that come to the %s while it runs stop the context by name',
    async (side) => {
      const plain = 'ALTER TABLE valued ADD plain state';
      const definition = {
        ...pair.definition,
        tables: [mapped('valued', 'id', 'plain')],
      } as MigrationDefinition;
      const { monolith, service } = pair;
      await altered(other(side), plain, () =>
        altered(side, plain, async () => {
          const clients = { monolith: monolith.client, service: service.client };
          const fit = { definition, direction: 'forward', ...clients } as const;
          const mapping = await loadMapping(definition, clients.monolith, clients.service);
          await checkFit({ ...fit, mapping });
          await pair[side].client.query(`ALTER TYPE state RENAME VALUE 'b' TO 'c'`);
          await expect(checkFit({ ...fit, mapping })).rejects.toMatchObject({
            code: 'SCHEMA_CHANGED',
            message: expect.stringContaining(`the ${other(side)} lacks 'c'`),
          });
        }),
      );
    },
  );

  test('an enum against a text is a question, which its line in the context file decides', async () => {
    const values = async (definition?: MigrationDefinition) =>
      (await open(definition)).filter(({ kind }) => kind === 'values');
    expect(await values()).toEqual([
      expect.objectContaining({
        about: 'values valued.at',
        problem: expect.stringContaining("valued.at of the service takes only one of 'a', 'b'"),
        remedy: expect.stringContaining("values['valued.at']: { reason:"),
      }),
    ]);
    const reason = 'the monolith writes no other';
    expect(await values({ ...pair.definition, values: { 'valued.at': { reason } } })).toEqual([]);
    expect(
      await values({
        ...pair.definition,
        values: { 'valued.at': { reason }, 'valued.gone': { reason } },
      }),
    ).toEqual([expect.objectContaining({ about: 'values valued.gone' })]);
  });

  test.each(sides)('a domain of the %s that takes fewer is a question', async (side) => {
    const found = async (sql: string): Promise<string[]> =>
      (await altered(side, sql, open))
        .filter(({ about }) => about === 'values valued.share')
        .map(({ problem }) => problem);
    expect((await open()).filter(({ about }) => about === 'values valued.share')).toEqual([]);
    expect(await found('ALTER DOMAIN percent ADD CHECK (VALUE < 50)')).toEqual([
      `valued.share of the ${side} takes only CHECK ((VALUE < 50)), which the ${other(side)} does not hold to: ` +
        'a row with another value is refused there',
    ]);
    // what the other side asks alone is the other side's
    expect(await found('ALTER DOMAIN percent DROP NOT NULL')).toEqual([
      expect.stringContaining(`of the ${other(side)} takes only NOT NULL, which the ${side}`),
    ]);
  });
});

describe('rows that one side takes no row like', () => {
  /** As lookAround does, without the rest of it. */
  const asked = async (definition = pair.definition) => {
    const { monolith, service } = pair;
    const { mapping } = await examineMapping(definition, monolith.client, service.client);
    const tables = mapping.tables.map((table) => table.monolith);
    const parts = mapping.tables.flatMap((table) => table.parts.map((part) => part.service));
    const constraints = [
      ...(await readConstraints(monolith.client, 'monolith', tables)),
      ...(await readConstraints(service.client, 'service', parts)),
    ];
    return constraintSurroundings(constraints, mapping, definition).filter(isOpen);
  };
  /** Of one side. */
  const about = (side: Side) => async (): Promise<string[]> =>
    (await asked())
      .filter(({ problem }) => problem.startsWith(`the ${side} `))
      .map((one) => one.about);
  const drop = (name: string): string =>
    name === 'folded' ? 'DROP INDEX folded' : `ALTER TABLE ruled DROP CONSTRAINT ${name}`;

  test.each(sides)(
    'a CHECK, UNIQUE, unique index or EXCLUDE of the %s alone is a question that its line decides',
    async (side) => {
      expect(await asked()).toEqual([]);
      for (const name of ['positive', 'listed', 'early', 'once', 'folded', 'apart']) {
        const [found, ...more] = await altered(other(side), drop(name), asked);
        expect(more).toEqual([]);
        expect(found).toMatchObject({
          about: `constraint ruled.${name}`,
          problem: expect.stringMatching(
            new RegExp(
              `^the ${side} asks of ruled: (?:CHECK|UNIQUE|EXCLUDE|CREATE UNIQUE).*, the ${other(side)} asks no such thing of ruled: ` +
                `a row that breaks it, written by the ${other(side)}, waits as a dead letter`,
            ),
          ),
          remedy: expect.stringContaining(`constraints.${side}['ruled.${name}']: { reason:`),
        });
      }
      const reason = 'no such row comes';
      const constraints = { [side]: { 'ruled.early': { reason } } };
      const decided = { ...pair.definition, constraints };
      expect(await altered(other(side), drop('early'), () => asked(decided))).toEqual([]);
      // it is there, and nothing is wrong with it
      expect(await asked(decided)).toEqual([]);
      const gone = { ...pair.definition, constraints: { [side]: { 'ruled.gone': { reason } } } };
      expect(await asked(gone)).toMatchObject([{ about: 'constraint ruled.gone' }]);
    },
  );

  test.each(sides)('what the %s keeps in another way is no question', async (side) => {
    const columns = side === 'monolith' ? ['state', 'code', '"When"'] : ['status', 'label', 'due'];
    const [state, code, at] = columns;
    const none = (sql: string) =>
      expect(altered(side, sql, about(other(side)))).resolves.toEqual([]);
    // less is unique, or for more rows
    await none(`${drop('folded')}; CREATE UNIQUE INDEX ON ruled (lower(${code}))`);
    await altered(other(side), `ALTER TABLE ruled ADD UNIQUE (id, kind)`, async () =>
      expect(await about(other(side))()).toEqual([]),
    );
    await none(`${drop('once')}; ALTER TABLE ruled ADD CONSTRAINT late UNIQUE (${at}) DEFERRABLE`);
    // all labels of an enum are in the list
    for (const [list, questions] of [
      [`'x', 'it''s', 'y'`, []],
      [`'x', 'y'`, ['constraint ruled.ruled_kind_check']],
    ] as [string, string[]][])
      expect(
        await altered(
          other(side),
          `ALTER TABLE ruled ADD CHECK (kind::text IN (${list}))`,
          about(other(side)),
        ),
      ).toEqual(questions);
    // a domain's CHECK is one of the column
    await none(
      `CREATE DOMAIN listed AS text CHECK (VALUE IN ('a', 'b')); ${drop('listed')};
       ALTER TABLE ruled ALTER ${state} TYPE listed`,
    );
  });

  test.each(sides)('what the %s keeps for fewer rows is one', async (side) => {
    const [code, at] = side === 'monolith' ? ['code', '"When"'] : ['label', 'due'];
    const one = (sql: string, name: string) =>
      expect(altered(side, sql, about(other(side)))).resolves.toEqual([`constraint ruled.${name}`]);
    await one(
      `${drop('early')}; ALTER TABLE ruled ADD CONSTRAINT early CHECK (${at} < ${side === 'monolith' ? 'total' : 'amount'}) NOT VALID`,
      'early',
    );
    await one(
      `${drop('folded')}; CREATE UNIQUE INDEX folded ON ruled (lower(${code})) WHERE ${at} > 1`,
      'folded',
    );
    await one(
      `${drop('once')}; ALTER TABLE ruled ADD CONSTRAINT once UNIQUE (${at}, ${code})`,
      'once',
    );
    // here two rows without a value are alike, there they are two; older servers do not know such a thing
    const { rows } = await pair[side].client.query<{ knows: string }>(
      `SELECT (current_setting('server_version_num')::int >= 150000)::int::text AS knows`,
    );
    const knows = Number(rows[0]?.knows);
    expect(
      await altered(
        side,
        `${drop('once')}; ALTER TABLE ruled ADD CONSTRAINT once UNIQUE ${['', 'NULLS NOT DISTINCT'][knows]} (${at})`,
        about(side),
      ),
    ).toEqual(['constraint ruled.once'].slice(0, knows));
  });

  test('what is unique on both sides is one where some rows stay, unless it holds what tells them apart', async () => {
    const tables = (pair.definition.tables ?? []).map((table) =>
      table.monolith === 'ruled' ? { ...table, where: { kind: 'x' } } : table,
    );
    const found = async (sql: string) =>
      (
        await altered('monolith', `ALTER TABLE ruled REPLICA IDENTITY FULL; ${sql}`, () =>
          asked({ ...pair.definition, tables }),
        )
      ).map(
        ({ about: name, problem }) => `${name}: ${problem.replace(/^.* asks of .*?, of/, 'of')}`,
      );
    const why =
      'of rows outside of the condition as well, which the service does not have: a row that breaks it, written by the service, ' +
      'waits as a dead letter';
    expect(await found('')).toEqual([
      `constraint ruled.folded: ${why}`,
      `constraint ruled.once: ${why}`,
    ]);
    expect(
      await found(`${drop('folded')}; ${drop('once')};
        ALTER TABLE ruled ADD CONSTRAINT once UNIQUE (kind, "When"), ADD CONSTRAINT with_id UNIQUE (id, total)`),
    ).toEqual([
      expect.stringMatching(/^constraint ruled\.folded: the service asks/),
      expect.stringMatching(/^constraint ruled\.once: the service asks/),
    ]);
  });

  test.each(sides)(
    'NOT NULL of the %s alone is one, unless the other keeps NULL out',
    async (side) => {
      const [here, there] = side === 'monolith' ? ['code', 'label'] : ['label', 'code'];
      await altered(side, `ALTER TABLE ruled ALTER ${here} SET NOT NULL`, async () => {
        expect(await asked()).toMatchObject([
          {
            about: `constraint ruled.${here}`,
            problem: expect.stringMatching(
              `^the ${side} asks of ruled: NOT NULL .${here}.*dead letter`,
            ),
            remedy: expect.stringContaining(`constraints.${side}['ruled.${here}']`),
          },
        ]);
        for (const keeps of [`ALTER ${there} SET NOT NULL`, `ADD CHECK (${there} IS NOT NULL)`])
          expect(await altered(other(side), `ALTER TABLE ruled ${keeps}`, about(side))).toEqual([]);
      });
    },
  );

  test.each(sides)('a CHECK of one partition of the %s is found by its name', async (side) => {
    expect(
      await altered(side, 'ALTER TABLE parted_1 ADD CONSTRAINT small CHECK (n < 5)', about(side)),
    ).toEqual(['constraint parted_1.small']);
  });

  test('what is DEFERRABLE keeps nothing out while rows are applied, and is told so', async () => {
    const client = await connect(pair.service.url, { applicationName: 'test' });
    const late = 'ALTER TABLE loose ADD CONSTRAINT late UNIQUE (c) DEFERRABLE';
    try {
      await prepareApplySession(client, null);
      await client.query(`BEGIN; ${late}`);
      await client.query(
        `INSERT INTO loose VALUES (1, 'a'), (2, 'a'); SET CONSTRAINTS ALL IMMEDIATE`,
      );
      await client.query('ROLLBACK');
    } finally {
      await client.end();
    }
    expect(await altered('service', late, asked)).toMatchObject([
      {
        about: 'constraint loose.late',
        problem: expect.stringContaining('comes in: replication does not look'),
      },
    ]);
  });
});

test('a table that cannot be looked at for paths of files holds nobody up, and is told', async () => {
  const deploy = await connect(pair.monolith.url, { applicationName: 'test' });
  try {
    await deploy.query('BEGIN; LOCK TABLE valued IN ACCESS EXCLUSIVE MODE');
    const { client } = pair.monolith;
    expect(await readFilePaths(pair.mapping, {}, client)).toEqual({
      endings: new Map(),
      unseen: [
        {
          table: 'valued',
          why: 'no answer for 2 s, as behind a lock',
          columns: ['valued.at'],
        },
      ],
    });
    // who decided every column of it waits for nothing
    const files = { 'valued.at': { storage: 'none', reason: 'of this test' } } as const;
    expect(await readFilePaths(pair.mapping, { files }, client)).toMatchObject({ unseen: [] });
    expect((await client.query('SHOW statement_timeout')).rows).toEqual([
      { statement_timeout: '0' },
    ]);
  } finally {
    await deploy.end();
  }
});
