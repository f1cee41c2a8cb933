const iso = /^P(-?\d+)Y(-?\d+)M(-?\d+)DT(-?\d+)H(-?\d+)M(-?\d+)(?:\.(\d{1,6}))?S$/;

/** IntervalStyle postgres, as the server writes it: after a negative part the next positive one has its sign. */
export function intervalText(value: string): string | undefined {
  const match = iso.exec(value);
  if (!match) return undefined;
  let text = '';
  let negative = false;
  const part = (digits: string | undefined, unit: string): void => {
    const amount = Number(digits);
    if (amount === 0) return;
    text += `${text === '' ? '' : ' '}${negative && amount > 0 ? '+' : ''}${amount} ${unit}${amount === 1 ? '' : 's'}`;
    negative = amount < 0;
  };
  part(match[1], 'year');
  part(match[2], 'mon');
  part(match[3], 'day');
  const [, , , , hours = '', minutes = '', seconds = '', rest = ''] = match;
  const fraction = rest.replace(/0+$/, '');
  const size = (digits: string): string => digits.replace('-', '').padStart(2, '0');
  const zero =
    Number(hours) === 0 && Number(minutes) === 0 && Number(seconds) === 0 && fraction === '';
  if (zero && text !== '') return text;
  const sign =
    hours.startsWith('-') || minutes.startsWith('-') || seconds.startsWith('-')
      ? '-'
      : negative
        ? '+'
        : '';
  return `${text}${text === '' ? '' : ' '}${sign}${size(hours)}:${size(minutes)}:${size(seconds)}${fraction === '' ? '' : `.${fraction}`}`;
}
