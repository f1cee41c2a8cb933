import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameSplitter } from './frame-splitter.ts';

const frame = (letter: string, body: Uint8Array): Buffer => {
  const header = Buffer.alloc(5);
  header.write(letter, 0, 'latin1');
  header.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([header, body]);
};

describe("the server's messages", () => {
  test('come out whole and in order, however the network cuts them', () => {
    const message = fc.tuple(
      fc.constantFrom('d', 'd', 'd', 'S', 'Z'),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 20 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
        (messages, sizes) => {
          const seen: [string, string][] = [];
          const splitter = new FrameSplitter(
            (bytes, from, to) => seen.push(['d', bytes.toString('hex', from, to)]),
            (bytes) => seen.push([String.fromCharCode(bytes[0] ?? 0), bytes.toString('hex', 5)]),
          );
          const bytes = Buffer.concat(messages.map(([letter, body]) => frame(letter, body)));
          for (let at = 0; at < bytes.length;) {
            const size = sizes.next().value;
            splitter.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(seen).toEqual(
            messages.map(([letter, body]) => [letter, Buffer.from(body).toString('hex')]),
          );
        },
      ),
    );
  });

  test('a length that cannot be is refused: the rest would be read as something else', () => {
    const splitter = new FrameSplitter(
      () => {},
      () => {},
    );
    expect(() => splitter.push(Buffer.from([0x64, 0xff, 0xff, 0xff, 0xff]))).toThrow(RangeError);
  });
});
