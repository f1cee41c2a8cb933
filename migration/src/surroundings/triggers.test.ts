import { expect, test } from '@jest/globals';
import { writtenBy } from './triggers.ts';

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
