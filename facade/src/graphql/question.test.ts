import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readQuestion, type Spoken } from './question.ts';

const spoken = (more: Partial<Spoken> = {}): Spoken => ({
  method: 'POST',
  search: '',
  headers: {},
  contentTypes: ['application/json'],
  body: undefined,
  ...more,
});
const post = (body: string | Buffer, more: Partial<Spoken> = {}) =>
  readQuestion(spoken({ body: Buffer.from(body), ...more }));
const get = (search: string) => readQuestion(spoken({ method: 'GET', search, contentTypes: [] }));
const hash = 'a'.repeat(64);
const extensions = { persistedQuery: { version: 1, sha256Hash: hash.toUpperCase() } };

describe('a question', () => {
  test('says document, names, hash and id', () => {
    expect(post(JSON.stringify({ query: '{a}', operationName: 'A', variables: {} }))).toEqual({
      kind: 'said',
      all: [{ document: '{a}', names: ['A', ''], hash: undefined, id: undefined }],
    });
    const byHash = { kind: 'said', all: [{ document: undefined, names: ['', ''], hash }] };
    expect(post(JSON.stringify({ query: null, extensions }))).toMatchObject(byHash);
    expect(get(`?extensions=${encodeURIComponent(JSON.stringify(extensions))}`)).toMatchObject(
      byHash,
    );
    expect(post(JSON.stringify({ documentId: `sha256:${hash}` }))).toMatchObject(byHash);
    expect(post(JSON.stringify({ id: 'products' }))).toMatchObject({ all: [{ id: 'products' }] });
    expect(get('?query={a}&operationName=B&x=1')).toMatchObject({
      all: [{ document: '{a}', names: ['B', ''] }],
    });
    expect(post('[{"query":"{a}"},{"query":"{b}"}]')).toMatchObject({
      all: [{ document: '{a}' }, { document: '{b}' }],
    });
    const named = { search: '?operationName=C&op=1' };
    expect(post('{"query":"{a}"}', named)).toMatchObject({ all: [{ names: ['', 'C'] }] });
  });

  test.each([
    ['application/graphql+json; charset=UTF-8', '{"query":"{a}"}'],
    ['application/json;charset="utf-8"', '\ufeff{"query":"{a}"}'],
    ['application/graphql', '{a}'],
    ['application/x-www-form-urlencoded', 'query=%7Ba%7D'],
  ])('comes as %s', (type, body) =>
    expect(post(body, { contentTypes: [type] })).toMatchObject({ all: [{ document: '{a}' }] }),
  );

  test.each([
    ['no GraphQL', get('?page=1')],
    ['no body', readQuestion(spoken())],
    ['an empty object', post('{}')],
    ['an empty list', post('[]')],
    ['an empty document', post('{"query":""}')],
  ])('is nothing: %s', (_what, read) => expect(read).toEqual({ kind: 'nothing' }));

  test.each<[string, ReturnType<typeof post>]>([
    ['a name twice', post('{"query":"{a}","query":"{b}"}')],
    ['a name in other letters', post('{"query":"{a}","QUERY":"{b}"}')],
    ['a name with brackets', get('?query={a}&query[]={b}')],
    ['a parameter twice', get('?query={a}&query={b}')],
    ['a semicolon', get('?query={a};operationName=B')],
    ['two ids', post('{"id":"1","documentId":"2"}')],
    ['an id and a hash of two documents', post(JSON.stringify({ extensions, id: 'b'.repeat(64) }))],
    ['a hash twice', post(`{"extensions":{"persistedQuery":{"sha256Hash":"a","sha256Hash":"b"}}}`)],
    ['a hash that is no text', post(`{"extensions":{"persistedQuery":{"sha256Hash":1}}}`)],
    ['a persisted query twice', post(`{"extensions":{"persistedQuery":{},"persistedQuery":{}}}`)],
    ['extensions that are no object', post('{"extensions":"x"}')],
    ['extensions that are no JSON', get('?extensions={')],
    ['a document that is no text', post('{"query":["{a}"]}')],
    ['a batch of other things', post('[{"query":"{a}"},1]')],
    ['a text', post('"query"')],
    ['no JSON', post('{"query":')],
    ['JSON of a thousand and one levels', post(`{"query":"{a}","v":${'['.repeat(5_000)}`)],
    ['no UTF-8', post(Buffer.from([0x7b, 0xff]))],
    ['another charset', post('{}', { contentTypes: ['application/json; charset=utf-7'] })],
    ['no media type', post('{}', { contentTypes: [] })],
    ['an unknown media type', post('{}', { contentTypes: ['text/plain'] })],
    ['an upload', post('x', { contentTypes: ['multipart/form-data; boundary=x'] })],
    ['two media types', post('{}', { contentTypes: ['application/json', 'text/plain'] })],
    ['one with an underscore', post('{}', { headers: { content_type: 'text/plain' } })],
    ['a coding', post('{}', { headers: { 'content-encoding': 'br' } })],
    ['a document in the address of a POST', post('{"query":"{a}"}', { search: '?query={b}' })],
    ['a GET with a body', readQuestion(spoken({ method: 'GET', body: Buffer.from('x') }))],
  ])('is in doubt: %s', (_what, read) => expect(read.kind).toBe('unreadable'));

  test('is read or in doubt whatever comes, and what is read is what JSON.parse reads', () => {
    const key = fc.constantFrom(
      'query',
      'Query',
      'operationName',
      'id',
      'extensions',
      'variables',
      '__proto__',
    );
    const member = fc.tuple(key, fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(fc.array(member, { maxLength: 4 }), (members) => {
        const text = `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
        const read = post(text);
        if (read.kind !== 'said') return;
        const { query, id } = JSON.parse(text);
        expect(read.all[0]).toMatchObject({ document: query || undefined });
        if (read.all[0]?.id !== undefined) expect(read.all[0].id).toBe(id);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void post(Buffer.from(bytes))));
    fc.assert(fc.property(fc.string(), (text) => void get(`?${text}`)));
  });
});
