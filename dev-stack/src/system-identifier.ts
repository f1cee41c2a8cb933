import { randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const largestStruct = 1_024;
const identifierInPageHeader = 24;

/** CRC-32C, as PostgreSQL computes it. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** Where the checksum of the control file stands: the first place whose number is the checksum of all before it. */
function checksumPlace(control: Buffer): number {
  for (let place = 200; place < largestStruct; place += 4)
    if (control.readUInt32LE(place) === crc32c(control.subarray(0, place))) return place;
  throw new Error('global/pg_control has no checksum where one was looked for');
}

/**
 * Gives a stopped server's folder another system identifier, as initdb would have: a copied folder must not pass for the same system.
 * It stands in the control file and at the start of each WAL segment (access/xlog_internal.h).
 */
export async function renewSystemIdentifier(dataDir: string): Promise<void> {
  const identifier = randomBytes(8);
  const control = await open(join(dataDir, 'global', 'pg_control'), 'r+');
  try {
    const content = Buffer.alloc(largestStruct + 4);
    await control.read(content, 0, content.length, 0);
    const place = checksumPlace(content);
    identifier.copy(content, 0);
    content.writeUInt32LE(crc32c(content.subarray(0, place)), place);
    await control.write(content, 0, content.length, 0);
  } finally {
    await control.close();
  }
  const wal = join(dataDir, 'pg_wal');
  for (const segment of (await readdir(wal)).filter((name) => /^[0-9A-F]{24}$/.test(name))) {
    const file = await open(join(wal, segment), 'r+');
    try {
      await file.write(identifier, 0, identifier.length, identifierInPageHeader);
    } finally {
      await file.close();
    }
  }
}
