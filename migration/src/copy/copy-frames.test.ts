import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CopyFrames } from './copy-frames.ts';

const frame = (code: string, payload: Uint8Array): Buffer => {
  const header = Buffer.alloc(5);
  header.write(code, 'latin1');
  header.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
};
const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
};

describe('frames of a copy', () => {
  test('however the network cuts them, every row is handed on as it came, nothing else is, and what follows is left whole', () => {
    const payload = fc.uint8Array({ maxLength: 40 });
    const message = fc.record({
      code: fc.constantFrom('d', 'd', 'd', 'N', 'S', 'A', 'H'),
      payload,
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 20 }),
        // the end of a copy is a header without a body
        fc.constantFrom(frame('c', Buffer.alloc(0)), frame('E', Buffer.from('end'))),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        (messages, end, sizes) => {
          const sent = Buffer.concat([
            frame('H', Buffer.from([0, 0, 1])),
            ...messages.map(({ code, payload: bytes }) => frame(code, bytes)),
            end,
          ]);
          const frames = new CopyFrames();
          const rows: Buffer[] = [];
          const rest: Buffer[] = [];
          for (const chunk of cut(sent, sizes)) {
            if (rest.length > 0) {
              rest.push(chunk);
              continue;
            }
            const taken = frames.take(chunk);
            rows.push(Buffer.from(taken.rows));
            if (taken.rest !== null) rest.push(taken.rest);
          }
          expect(Buffer.concat(rows)).toEqual(
            Buffer.concat(
              messages
                .filter(({ code }) => code === 'd')
                .map(({ payload: bytes }) => frame('d', bytes)),
            ),
          );
          expect(Buffer.concat(rest)).toEqual(end);
        },
      ),
    );
  });
});
