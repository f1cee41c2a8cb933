import { type Setting, settingRows } from './settings.ts';

const described = ({ help, standard }: Setting): string =>
  standard === undefined || standard === '' ? help : `${help} [${String(standard)}]`;

/** The text of --help: every variable with its default. */
export function environmentHelp(): string {
  const rows = settingRows.flatMap((row) =>
    row.variable === undefined ? [] : [{ variable: row.variable, text: described(row) }],
  );
  const width = Math.max(...rows.map(({ variable }) => variable.length));
  return [
    'strangler-facade: routes each endpoint to the monolith or to a service.',
    '',
    'It is configured by environment variables:',
    '',
    ...rows.map(({ variable, text }) => `  ${variable.padEnd(width)}  ${text}`),
    '',
    'Options: --help, --version, --processes N (as FACADE_PROCESSES says),',
    '         --without-flags (start although Unleash has no token: flags of the control database, if any)',
    '',
    'Example: MONOLITH_URL=http://127.0.0.1:3000 STRANGLER_CONTEXTS=./contexts strangler-facade',
    '',
  ].join('\n');
}
