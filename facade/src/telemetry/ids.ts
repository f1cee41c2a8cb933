import { randomFillSync } from 'node:crypto';

const poolBytes = 8_192;
const pool = Buffer.alloc(poolBytes);
let used = poolBytes;

/** Random bytes in hexadecimal digits, from a pool: a call of the operating system serves hundreds of requests. */
export function randomHex(bytes: number): string {
  if (used + bytes > poolBytes) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
