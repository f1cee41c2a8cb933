/** The same numbers for the same start, on every machine (mulberry32). */
export function seededRandom(start: number) {
  let state = start >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(list: readonly [T, ...T[]]): T => list[int(0, list.length - 1)] ?? list[0];
  const chance = (share: number): boolean => next() < share;
  const hex = (bytes: number): string => {
    let text = '';
    for (let index = 0; index < bytes; index++) text += int(0, 255).toString(16).padStart(2, '0');
    return text;
  };
  const uuid = (): string => {
    const h = hex(16);
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
  };
  return { next, int, pick, chance, hex, uuid };
}
export type Random = ReturnType<typeof seededRandom>;
