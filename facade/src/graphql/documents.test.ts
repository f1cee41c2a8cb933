import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Documents } from './documents.ts';
import type { Spoken } from './question.ts';
import { understand } from './understand.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('documents', () => {
  test('are read once, and known by their own hash', () => {
    const documents = new Documents();
    const first = documents.look('{ a }');
    expect(documents.look('{ a }')).toBe(first);
    expect(documents.textOf(hashOf('{ a }'))).toBe('{ a }');
    expect(documents.textOf(hashOf('{ b }'))).toBeUndefined();
  });
  test('that nobody asked for longest are forgotten, by text and hash', () => {
    const documents = new Documents(620);
    for (const text of ['{ a }', '{ b }', '{ c }', '{ a }', '{ d }']) documents.look(text);
    const known = ['{ a }', '{ b }', '{ c }', '{ d }'].filter(
      (text) => documents.textOf(hashOf(text)) !== undefined,
    );
    expect(known).toEqual(['{ a }', '{ c }', '{ d }']);
    documents.look('x'.repeat(10_000));
    expect(known.map((text) => documents.textOf(hashOf(text)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('what a request asks for', () => {
  const documents = new Documents();
  const ask = (body: unknown) => {
    const request: Spoken = {
      method: 'POST',
      search: '',
      headers: {},
      contentTypes: ['application/json'],
      body: Buffer.from(JSON.stringify(body)),
    };
    return understand(documents, request);
  };
  const persisted = (text: string) => ({
    extensions: { persistedQuery: { sha256Hash: hashOf(text) } },
  });

  test('is certain only if all of a batch is', () => {
    expect(ask([{ query: '{ a }' }, { query: 'mutation { b }' }])).toMatchObject({
      kind: 'operations',
      operations: [{ fields: ['a'] }, { type: 'mutation', fields: ['b'] }],
    });
    expect(ask([{ query: '{ a }' }, persisted('{ unknown }')]).kind).toBe('unknown-document');
    expect(ask([{ query: '{ a }' }, { id: '7' }, persisted('{ unknown }')]).kind).toBe(
      'unreadable',
    );
    expect(ask([{ query: '{ a }' }, { query: '{ a' }])).toMatchObject({
      operations: [{ fields: ['a'] }],
    });
    expect(ask({ query: '{ a' })).toEqual({ kind: 'nothing' });
  });
  test('by hash is what somebody sent whose hash it is, whatever a client says', () => {
    const text = 'mutation { c }';
    expect(ask(persisted(text)).kind).toBe('unknown-document');
    expect(ask({ query: '{ harmless }', ...persisted(text) }).kind).toBe('unreadable');
    expect(ask(persisted(text)).kind).toBe('unknown-document');
    ask({ query: text });
    expect(ask(persisted(text))).toMatchObject({
      operations: [{ type: 'mutation', fields: ['c'] }],
    });
  });
});
