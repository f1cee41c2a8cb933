import { describe, expect, test } from '@jest/globals';
import { parseCommandLine, takeProcesses } from './command-line.ts';
import { parseEnvironment } from './environment.ts';
import { environmentHelp } from './help.ts';
import { defaultLimits, limitsOf } from './limits.ts';
import { settingRows } from './settings.ts';

const bare = { MONOLITH_URL: 'http://127.0.0.1:3000' };
const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

test.each([
  [['--processes', '4', '--without-flags'], ['--without-flags'], '4'],
  [['--processes=2'], [], '2'],
  [['--help'], ['--help'], undefined],
])('%j says how many processes', (argv, rest, processes) =>
  expect(takeProcesses(argv)).toEqual({ rest, processes }),
);
test.each([[['--processes']], [['--processes', 'many']], [['--processes=0']]])(
  '%j says nothing that could be',
  (argv) => expect(thrown(() => takeProcesses(argv))).toMatchObject({ code: 'USAGE' }),
);

describe('the one table of settings', () => {
  test('gives createFacade and the process the same limits', () => {
    const fromProcess = limitsOf(parseEnvironment(bare));
    expect(fromProcess).toMatchObject({ timeoutMs: 30_000, holdMaxWaiting: 1_000 });
    expect({ ...defaultLimits, ...fromProcess }).toEqual(defaultLimits);
    expect(Object.values(defaultLimits).filter((limit) => !Number.isInteger(limit))).toEqual([]);
  });

  test('a variable reaches the limit of its row, and an empty one is not set', () => {
    const environment = parseEnvironment({ ...bare, FACADE_HOLD_MAX_MS: '7', FACADE_PIN_MS: '' });
    expect(limitsOf(environment)).toMatchObject({ holdMaxMs: 7, pinMs: defaultLimits.pinMs });
  });

  test('every default is a value that its own type accepts', () => {
    for (const { help, type, standard } of settingRows) {
      if (standard === undefined) continue;
      expect([help, type.safeParse(String(standard)).success]).toEqual([help, true]);
    }
  });

  test('--help tells every variable with its default', () => {
    const help = environmentHelp();
    for (const { variable, help: text, standard } of settingRows) {
      if (variable === undefined) continue;
      expect(help).toMatch(new RegExp(`^ {2}${variable} +${text.slice(0, 1)}`, 'm'));
      if (standard) expect(help).toContain(`${text} [${standard}]`);
    }
  });

  test.each([
    ['FACADE_SHADOW_MAX_JOBS', '0'],
    ['FACADE_SHADOW_MAX_BODY_BYTES', '1.5'],
    ['FACADE_TIMEOUT_MS', 'soon'],
    ['FACADE_PORT', '65536'],
    ['FACADE_NAME', 'a b'],
    ['UNLEASH_URL', 'ftp://x'],
  ])('%s=%s is refused by name', (variable, value) => {
    const error = thrown(() => parseEnvironment({ ...bare, [variable]: value }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(String(error)).toContain(variable);
  });
});

describe('the command line', () => {
  test.each([
    [[], 'start'],
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
    [['-V'], 'version'],
    [['--without-flags'], 'without-flags'],
  ] as const)('%j asks to %s', (argv, wish) => expect(parseCommandLine(argv)).toBe(wish));

  test.each([[['--port=80']], [['start']], [['--help', '--verbose']]])(
    '%j is a mistake, not a start',
    (argv) => expect(thrown(() => parseCommandLine(argv))).toMatchObject({ code: 'USAGE' }),
  );
});
