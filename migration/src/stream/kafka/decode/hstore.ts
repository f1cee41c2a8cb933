const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** As the server writes it: shorter keys first, then by bytes. */
export function hstoreText(json: string): string | undefined {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const pairs: { key: string; bytes: Buffer; value: string | null }[] = [];
  for (const [key, value] of Object.entries(parsed as Record<string, unknown>)) {
    if (value !== null && typeof value !== 'string') return undefined;
    pairs.push({ key, bytes: Buffer.from(key), value });
  }
  pairs.sort((a, b) => a.bytes.length - b.bytes.length || a.bytes.compare(b.bytes));
  return pairs
    .map(({ key, value }) => `${quoted(key)}=>${value === null ? 'NULL' : quoted(value)}`)
    .join(', ');
}
