import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HeadMender, mendHead } from './mend-head.ts';

const mended = (...lines: string[]): string[] =>
  mendHead(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`)
    .split('\r\n')
    .slice(1, -2);

describe('the head of an old server', () => {
  test('ends its lines in CR LF', () => {
    expect(mendHead('HTTP/1.1 200 OK\nA: 1\n\n')).toBe('HTTP/1.1 200 OK\r\nA: 1\r\n\r\n');
    expect(mendHead('HTTP/1.1 200 OK\n\n')).toBe('HTTP/1.1 200 OK\r\n\r\n');
  });

  test('has no space before a colon, and no name with one inside', () => {
    expect(mended('A : 1', 'X Odd: 2', 'B:3')).toEqual(['A: 1', 'B:3']);
  });

  test('says one length once, and lengths that differ as they came', () => {
    expect(mended('Content-Length: 2', 'A: 1', 'content-length : 2')).toEqual([
      'Content-Length: 2',
      'A: 1',
    ]);
    expect(mended('Content-Length: 2, 2')).toEqual(['Content-Length: 2']);
    const differing = ['Content-Length: 2', 'Content-Length: 3'];
    expect(mended(...differing)).toEqual(differing);
  });

  test('keeps what nobody asked to mend: folded lines, lines without a colon, odd values', () => {
    const lines = ['A: 1', ' folded: x', 'no colon', 'B: \u0001', '{C}: 1'];
    expect(mended(...lines)).toEqual(lines);
  });
});

/** All that comes out, given in pieces. */
const through = (pieces: readonly string[], most = 1_000): string => {
  const mender = new HeadMender(most);
  const parts = pieces.map((piece) => mender.take(Buffer.from(piece, 'latin1')));
  return Buffer.concat([...parts, mender.end()]).toString('latin1');
};

describe('an answer on its way', () => {
  test('has its head mended and its body left alone, early hints before it included', () => {
    const body = 'a\n\nb : c\n\n';
    expect(through([`HTTP/1.1 103 Early\nL : 1\n\nHTTP/1.1 200 OK\nA : 1\n\n${body}`])).toBe(
      `HTTP/1.1 103 Early\r\nL: 1\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\n${body}`,
    );
    expect(through([`HTTP/1.1 101 Switching\nA : 1\n\nHTTP/1.1 200 OK\nA : 1\n\n`])).toBe(
      'HTTP/1.1 101 Switching\r\nA: 1\r\n\r\nHTTP/1.1 200 OK\nA : 1\n\n',
    );
  });

  test('is the same wherever it is cut', () => {
    const answer = 'HTTP/1.1 200 OK\nA : \xe9\r\nContent-Length: 3\nContent-Length: 3\n\n\xff\n\n';
    expect(through([answer])).toContain('A: \xe9\r\nContent-Length: 3\r\n\r\n\xff\n\n');
    fc.assert(
      fc.property(fc.array(fc.nat(answer.length)), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), answer.length];
        const pieces = places.slice(1).map((end, index) => answer.slice(places[index], end));
        expect(through(pieces)).toBe(through([answer]));
      }),
    );
  });

  test('that is no HTTP, never ends its head or has too long a one goes on as it is', () => {
    const mender = new HeadMender(1_000);
    expect(mender.take(Buffer.from('SSH-2\n\n')).toString()).toBe('SSH-2\n\n');
    expect(through(['HTTP/1.1 200 OK\nA : 1'])).toBe('HTTP/1.1 200 OK\nA : 1');
    const long = `HTTP/1.1 200 OK\nA : ${'x'.repeat(99)}`;
    expect(new HeadMender(50).take(Buffer.from(long)).toString()).toBe(long);
  });
});
