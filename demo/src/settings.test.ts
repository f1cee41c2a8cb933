import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { areSettings, settingsLines, settingsOf } from './settings.ts';

const settings = settingsOf({ STRANGLER_CONTROL_URL: 'postgresql://x', ODD: "it's $HOME" }, [
  { url: 'http://127.0.0.1:1', adminPort: 2 },
  { url: 'http://127.0.0.1:3', adminPort: 4 },
]);

test('every facade has its address and the one for operators', () => {
  expect(settings).toMatchObject({
    FACADE: 'http://127.0.0.1:1',
    FACADE_ADMIN: 'http://127.0.0.1:2',
    FACADE_2: 'http://127.0.0.1:3',
    FACADE_2_ADMIN: 'http://127.0.0.1:4',
  });
});

test('a shell reads back what was set, whatever is in it', () => {
  const script = `set -a\n${settingsLines(settings).join('\n')}\nset +a\nprintf %s "$ODD"`;
  expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe("it's $HOME");
});

test("somebody else's file is not taken for settings", () => {
  expect(areSettings(settingsLines(settings).join('\n'))).toBe(true);
  expect(areSettings('')).toBe(true);
  expect(areSettings('{ "name": "strangler-toolkit" }')).toBe(false);
});
