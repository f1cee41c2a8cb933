const octets = Array.from({ length: 256 }, (_, n) => n.toString(2).padStart(8, '0'));

/** Base64 of the bits, least significant byte first and without those that are zero at the end. */
export function bitText(base64: string, length: number): string | undefined {
  const bytes = Buffer.from(base64, 'base64');
  let text = '';
  for (let index = bytes.length - 1; index >= 0; index -= 1) text += octets[bytes[index] ?? 0];
  const over = text.length - length;
  if (over <= 0) return text.padStart(length, '0');
  return text.lastIndexOf('1', over - 1) === -1 ? text.slice(over) : undefined;
}
