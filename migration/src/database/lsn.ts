/** A place in PostgreSQL's log as 64-bit number. Text form is `XXXXXXXX/XXXXXXXX`. */
export type Lsn = bigint & { readonly lsn?: never };

/** PostgreSQL's text form (`0/16B3748`) as a number. */
export function lsnFromText(text: string): Lsn {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text.trim());
  if (!match) throw new RangeError(`not a log position: ${JSON.stringify(text)}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** The form PostgreSQL itself prints, so that logs of both can be compared by eye. */
export const lsnToText = (lsn: Lsn): string =>
  `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
