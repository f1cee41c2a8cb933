/** A time that has passed, as short as can be read. */
export const age = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : seconds < 172_800
        ? `${Math.round(seconds / 3600)} h`
        : `${Math.round(seconds / 86_400)} days`;
/** A part of a whole, in percent. */
export const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${Number(((100 * part) / whole).toFixed(2))} %`;

export const bytes = (count: number): string =>
  count < 10_240
    ? `${count} bytes`
    : count < 10_485_760
      ? `${Math.round(count / 1024)} kB`
      : count < 10_737_418_240
        ? `${Math.round(count / 1_048_576)} MB`
        : `${Math.round(count / 1_073_741_824)} GB`;
