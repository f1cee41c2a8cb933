import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { type TableTrigger, triggerSurroundings, writtenBy } from './triggers.ts';

test.each<[string, string[]]>([
  ['BEGIN NEW.updated_at := now(); RETURN NEW; END', ['updated_at']],
  [`BEGIN new."lower" = lower(NEW.name); RETURN NEW; END`, ['lower']],
  [
    'INSERT INTO shop.audit SELECT NEW.*; UPDATE ONLY counters SET n = n + 1; DELETE FROM cache',
    ['shop.audit', 'counters', 'cache'],
  ],
  ['IF NEW.price == 1 THEN RETURN NULL; END IF', []],
  ['BEGIN PERFORM pg_notify($1, NEW.id::text); RETURN NULL; END', []],
])('%s', (source, writes) => expect(writtenBy(source)).toEqual(writes));

const trigger = (whenApplied: boolean, more: Partial<TableTrigger> = {}): TableTrigger => ({
  side: 'monolith',
  name: 'people.stamping',
  enable: 'ALTER TABLE public.people ENABLE ALWAYS TRIGGER stamping',
  definition: 'CREATE TRIGGER stamping …',
  writes: ['stamp'],
  whenApplied,
  always: whenApplied,
  setsEachRow: true,
  ...more,
});
const definition = (more: object): MigrationDefinition => ({
  context: 'people',
  data: 'replicated',
  monolith: { url: '' },
  service: { url: '' },
  routes: [],
  ...more,
});
const fires = definition({
  triggers: { monolith: { 'people.stamping': { onApply: 'fires', reason: 'it stamps' } } },
});
const sets = definition({
  tables: [
    {
      monolith: 'people',
      service: [{ table: 'persons', columns: { id: 'id' } }],
      leave: { stamp: { onReturn: { trigger: 'stamping' }, reason: 'it stamps' } },
    },
  ],
});

test.each([
  ['listed', fires],
  ['named by the column that it sets', sets],
])('a trigger that is to fire for replicated rows (%s) is held to it', (_how, told) => {
  expect(triggerSurroundings([trigger(true)], told)).toMatchObject([
    {
      about: 'trigger people.stamping',
      decision: expect.stringMatching(/^fires: .*it stamps \(monolith, writes stamp\)$/),
    },
  ]);
  expect(triggerSurroundings([trigger(false)], told)).toMatchObject([
    {
      about: 'trigger people.stamping',
      decision: null,
      problem: expect.stringMatching(
        /is to fire .*it stamps.* does not.*: it is (not|neither) ENABLE ALWAYS/,
      ),
      remedy: 'On the monolith: ALTER TABLE public.people ENABLE ALWAYS TRIGGER stamping',
    },
  ]);
  expect(triggerSurroundings([], told)).toMatchObject([
    {
      about: 'trigger people.stamping',
      decision: null,
      problem: expect.stringContaining('no such trigger'),
      remedy: expect.any(String),
    },
  ]);
});

test('a column that a trigger sets goes before what is said of the trigger', () => {
  const accepted = {
    ...sets,
    triggers: {
      monolith: { 'people.stamping': { onApply: 'accept' as const, reason: 'not needed' } },
    },
  };
  expect(triggerSurroundings([trigger(false)], accepted)).toMatchObject([
    { decision: null, problem: expect.stringContaining('does not') },
  ]);
});

test.each([
  [
    { always: false },
    'it is not ENABLE ALWAYS',
    'On the monolith: ALTER TABLE public.people ENABLE ALWAYS TRIGGER stamping',
  ],
  [{ setsEachRow: false }, 'BEFORE INSERT OR UPDATE', 'FOR EACH ROW'],
])('a column wants a trigger that sets it in every row that is written (%j)', (more, why, how) => {
  expect(triggerSurroundings([trigger(true, more)], sets)).toMatchObject([
    {
      about: 'trigger people.stamping',
      decision: null,
      problem: expect.stringContaining(why),
      remedy: expect.stringContaining(how),
    },
  ]);
  expect(triggerSurroundings([trigger(true, more)], fires)).toMatchObject([
    { decision: expect.stringMatching(/^fires: /) },
  ]);
});
