import { crc32, deflateSync } from 'node:zlib';

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
};

type Colour = readonly [red: number, green: number, blue: number];

export interface Drawing {
  /** Rows of characters, all as long as there are rows; a margin of dots comes around them. */
  readonly glyph: string;
  readonly colours: Readonly<Record<string, Colour>>;
  /** Pixels per character. */
  readonly scale: number;
  /** From -1 to 1, for each value of each pixel. Grain does not compress, so a picture is stored out of line as photographs are. */
  readonly grain: () => number;
}

/** A real PNG, so that browsers show something. */
export function drawnPng({ glyph, colours, scale, grain }: Drawing): Buffer {
  const drawn = glyph.trim().split('\n');
  const edge = '.'.repeat(drawn.length + 2);
  const rows = [edge, ...drawn.map((row) => `.${row}.`), edge];
  const side = rows.length * scale;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const stride = side * 3 + 1;
  const pixels = Buffer.alloc(stride * side);
  for (let y = 0; y < side; y++) {
    const row = rows[Math.floor(y / scale)] ?? '';
    for (let x = 0; x < side; x++) {
      const colour = colours[row[Math.floor(x / scale)] ?? ''] ?? [0, 0, 0];
      for (let part = 0; part < 3; part++) {
        const value = (colour[part] ?? 0) + Math.round(grain() * 7);
        pixels[y * stride + 1 + x * 3 + part] = Math.min(255, Math.max(0, value));
      }
    }
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
