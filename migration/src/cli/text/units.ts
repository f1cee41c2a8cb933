export { age } from '@strangler-toolkit/plan';

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
