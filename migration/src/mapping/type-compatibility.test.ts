import { describe, expect, test } from '@jest/globals';
import { carries, commonType, parseType } from './type-compatibility.ts';

describe('the type to compare in', () => {
  test.each<[string, string, string | null]>([
    ['text', 'text', 'text'],
    ['numeric(10,2)', 'numeric(10,2)', 'numeric(10,2)'],
    ['character(3)', 'character(3)', 'character(3)'],
    ['smallint', 'integer', 'integer'],
    ['integer', 'bigint', 'bigint'],
    ['smallint', 'bigint', 'bigint'],
    ['bigint', 'numeric', 'numeric'],
    ['bigint', 'numeric(20,0)', 'numeric'],
    ['bigint', 'numeric(20)', 'numeric'],
    ['bigint', 'numeric(20,2)', null],
    ['numeric(10,2)', 'numeric(12,2)', 'numeric'],
    ['numeric(10,2)', 'numeric(12,3)', null],
    ['numeric(10,2)', 'numeric', 'numeric'],
    ['numeric(10)', 'numeric(12,0)', 'numeric'],
    ['character varying(10)', 'character varying(20)', 'character varying'],
    ['character varying(10)', 'text', 'text'],
    ['character(3)', 'text', 'text'],
    ['timestamp(3) with time zone', 'timestamp with time zone', 'timestamp with time zone'],
    ['timestamp without time zone', 'timestamp with time zone', 'timestamp with time zone'],
    ['timestamp without time zone', 'date', null],
    ['time without time zone', 'timestamp without time zone', null],
    ['json', 'jsonb', 'jsonb'],
    ['json', 'json', 'json'],
    ['json', 'integer', null],
    ['jsonb', 'integer', null],
    ['integer[]', 'bigint[]', 'bigint[]'],
    ['integer[]', 'bigint', null],
    ['integer[]', 'text[]', 'text[]'],
    ['integer[]', 'boolean[]', null],
    // of the two databases' own: enums and domains
    ['public.state', 'shop.state', 'text'],
    ['public.state', 'text', 'text'],
    ['public.state', 'integer', null],
    ['boolean', 'integer', null],
  ])('%s and %s: %s, whichever comes first', (one, other, common) => {
    expect(commonType(one, other)).toBe(common);
    expect(commonType(other, one)).toBe(common);
  });

  test.each(['smallint', 'integer', 'bigint', 'uuid', 'date', 'inet', 'macaddr'])(
    '%s is printed into a text as it is',
    (type) => {
      expect(commonType(type, 'text')).toBe('text');
      expect(commonType(type, 'public.state')).toBeNull();
    },
  );

  // Printed otherwise than a text that holds the same, or in more than one way.
  test.each(
    `numeric,boolean,real,double precision,money,interval,bytea,json,jsonb,xml,oid,"char",name,cidr,macaddr8,bit,bit varying,
     point,line,lseg,box,path,polygon,circle,tsvector,tsquery,pg_lsn,time without time zone,time with time zone,
     timestamp without time zone,timestamp with time zone,int4range,int8range,numrange,tsrange,tstzrange,daterange`
      .split(',')
      .map((type) => type.trim()),
  )('%s is no text, nor a type of somebody’s own', (type) => {
    expect(commonType(type, 'text')).toBeNull();
    expect(commonType('character varying', type)).toBeNull();
    expect(commonType(type, 'public.state')).toBeNull();
  });
});

test.each([
  ['integer', 'bigint', true],
  ['bigint', 'integer', true],
  ['bigint', 'text', true],
  ['text', 'bigint', false],
  ['text', 'character varying(5)', true],
  ['text', 'text', true],
  ['text', 'public.state', false],
  ['boolean', 'text', false],
])('%s carries into %s: %s', (from, to, fine) => expect(carries(from, to)).toBe(fine));

test.each([
  ['integer', { base: 'integer', modifier: null, array: false }],
  ['numeric(10,2)[]', { base: 'numeric', modifier: '10,2', array: true }],
  [
    'timestamp(3) with time zone',
    { base: 'timestamp with time zone', modifier: '3', array: false },
  ],
])('%s', (type, parsed) => expect(parseType(type)).toEqual(parsed));
