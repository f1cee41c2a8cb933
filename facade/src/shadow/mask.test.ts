import { describe, expect, test } from '@jest/globals';
import type { Mask } from '@strangler-toolkit/plan';
import { compareAnswers } from './compare.ts';
import type { Observed, Rules } from './difference.ts';
import { maskText } from './mask.ts';
import { proposeRules } from './propose-rules.ts';

const page = (html: string, type = 'text/html; charset=utf-8'): Observed => ({
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(html),
});
const masks = (...list: object[]): Rules => ({
  masks: list.map((mask) => ({ ...mask, reason: 'changes' }) as Mask),
});
const differ = (one: string, other: string, rules: Rules = {}): boolean =>
  compareAnswers(page(one), page(other), rules).length > 0;

const form = (token: string, text = 'Name') =>
  `<!doctype html><html><head><meta name="csrf-token" content="${token}"></head><body><form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="${token}"><label>${text}<input name="name"></label></form></body></html>`;

describe('a page with parts that are others each time', () => {
  test('differs without a mask, is the same with one, and differs where the mask does not reach', () => {
    expect(differ(form('a1'), form('b2'))).toBe(true);
    expect(differ(form('a1'), form('b2'), masks({ preset: 'csrf' }))).toBe(false);
    expect(differ(form('a1'), form('b2', 'Nom'), masks({ preset: 'csrf' }))).toBe(true);
    expect(
      differ(form('a1'), form('a1').replace('hidden', 'text'), masks({ preset: 'csrf' })),
    ).toBe(true);
  });

  test.each<[string, string, string]>([
    [
      'csrf',
      `<input value='1' name='authenticity_token'>`,
      `<input value='2' name='authenticity_token'>`,
    ],
    [
      'csrf',
      `<input name="__RequestVerificationToken" value="1">`,
      `<input name="__RequestVerificationToken" value="2">`,
    ],
    ['csrf', `<script>var csrfToken = "1";</script>`, `<script>var csrfToken = "2";</script>`],
    ['csrf', `<script>{"xsrf_token":"1"}</script>`, `<script>{"xsrf_token":"2"}</script>`],
    ['nonce', `<script nonce="abc">x</script>`, `<script nonce="def">x</script>`],
    ['build', `<script src="/app.3f2a9c1b.js">`, `<script src="/app.77aa00bb.js">`],
    [
      'build',
      `<link href="/assets/index-BkT3x_9a.css">`,
      `<link href="/assets/index-CzT3x_9b.css">`,
    ],
    ['build', `<link href='/a.css?v=1&amp;b=2'>`, `<link href='/a.css?v=2&amp;b=2'>`],
    [
      'build',
      `<script src="/a.js" integrity="sha384-a">`,
      `<script src="/a.js" integrity="sha384-b">`,
    ],
    ['time', 'at 2026-01-01T10:00:00Z', 'at 2026-01-01T10:00:01.123+02:00'],
    ['time', 'at 10:00:00', 'at 10:00:01'],
    ['time', 'at Thu, 01 Jan 2026 10:00:00 GMT', 'at Thu, 01 Jan 2026 10:00:01 GMT'],
    ['time', 'at 1767261600', 'at 1767261601'],
  ])('%s: %s', (preset, one, other) => {
    expect(differ(one, other)).toBe(true);
    expect(differ(one, other, masks({ preset }))).toBe(false);
    for (const another of ['csrf', 'nonce', 'build', 'time'].filter((name) => name !== preset))
      expect(differ(one, other, masks({ preset: another }))).toBe(true);
    expect(differ(`${one}<b>1</b>`, `${one}<b>2</b>`, masks({ preset }))).toBe(true);
  });

  test.each<[string, string, string, boolean]>([
    ['#clock', '<p id="clock">1<b>x</b></p><p>a</p>', '<p id="clock">2</p><p>a</p>', true],
    ['#clock', '<p id="clock">1</p><p>a</p>', '<p id="clock">1</p><p>b</p>', false],
    ['p.total', '<p class="big total">1</p>', '<p class="big total">2</p>', true],
    ['p.total', '<b class="total">1</b>', '<b class="total">2</b>', false],
    ['div', '<div>1<div>2</div>3</div>4', '<div>x<div>y</div>z</div>4', true],
    ['div', '<div>1<div>2</div>3</div>4', '<div>1<div>2</div>3</div>5', false],
    ['input[name=t]', '<input name="t" value="1">', '<input name="t" value="2">', true],
    ['input[name=t]@value', '<input name="t" value="1">', '<input name="t" value="2">', true],
    ['input[name=t]@id', '<input name="t" value="1">', '<input name="t" value="2">', false],
    [
      '[data-x="a b"]@href',
      '<a data-x="a b" href="1">k</a>',
      '<a data-x="a b" href="2">k</a>',
      true,
    ],
    ['p', '<p>1', '<p>2', false],
  ])('selector %s: %s and %s', (selector, one, other, same) => {
    expect(differ(one, other)).toBe(true);
    expect(differ(one, other, masks({ selector }))).toBe(!same);
  });

  test.each<[object, string, string]>([
    [
      { selector: 'P' },
      '<!-- p --><P>1<i>2</i></P>x<br><p>3</p>',
      '<!-- p --><P>…</P>x<br><p>…</p>',
    ],
    [{ selector: 'p' }, 'a<p>1<p>2', 'a<p>1<p>2'],
    [{ selector: 'p' }, '<p>1<br>2</p>x', '<p>…</p>x'],
    [{ selector: '[title]@title' }, 'a title="1"<i title="1">', 'a title="1"<i title="…">'],
    [{ preset: 'csrf' }, '<i name="q" value="1">', '<i name="q" value="1">'],
    [{ selector: 'br' }, '<br class="a">1', '<br class="…">1'],
    [
      { selector: '[NAME=t]@VALUE' },
      '<i Name="t" Value="1"><i name="u" value="1">',
      '<i Name="t" Value="…"><i name="u" value="1">',
    ],
    [
      { selector: '[name]@value' },
      '<i name="" value="1"><i id="a" value="1">',
      '<i name="" value="…"><i id="a" value="1">',
    ],
    [
      { selector: '#a@title' },
      '<!-- id="a" title="1" --><i id="a" title="1">',
      '<!-- id="a" title="1" --><i id="a" title="…">',
    ],
    [
      { selector: '.b' },
      '<i class="a\tb c">1</i><i class="ab">2</i><i>3</i>',
      '<i class="a\tb c">…</i><i class="ab">2</i><i>3</i>',
    ],
    [{ preset: 'nonce' }, '<p nonce="1"> nonce="1"</p>', '<p nonce="…"> nonce="1"</p>'],
    [
      { preset: 'build' },
      '<link href="/a.3f2a9c1b.css?v=12&b=2"><a href=\'/x?hash=1\'>v=1</a>',
      '<link href="/a.….css?v=…&b=2"><a href=\'/x?hash=…\'>v=1</a>',
    ],
    [{ preset: 'csrf' }, 'let csrfToken = "1", other = "1"', 'let csrfToken = "…", other = "1"'],
    [{ preset: 'csrf' }, '<i id="xsrf" value="1" title="1">', '<i id="xsrf" value="…" title="1">'],
  ])('%j takes out of %s no more than it names', (mask, text, masked) => {
    expect(maskText(text, [{ ...mask, reason: 'changes' } as Mask])).toBe(masked);
  });

  test('is rid of them one mask after the other', () => {
    const rules = masks({ pattern: 'a' }, { pattern: '…b' }).masks!;
    expect(maskText('abab c', rules)).toBe('…… c');
  });

  test('a pattern', () => {
    expect(differ('build 17 of', 'build 18 of', masks({ pattern: 'build \\d+' }))).toBe(false);
    expect(differ('build 17 of', 'build 18 by', masks({ pattern: 'build \\d+' }))).toBe(true);
  });

  test('masks are for text: bytes and undecodable text are compared as they are', () => {
    const rules = masks({ pattern: '.' });
    const [one, other] = ['1', '2'].map((text) => page(text, 'application/octet-stream'));
    expect(compareAnswers(one!, other!, rules)).toHaveLength(1);
    const latin = (text: string) => ({ ...page(''), body: Buffer.from(text, 'latin1') });
    expect(compareAnswers(latin('é'), latin('è'), rules)).toHaveLength(1);
  });
});

describe('what the monolith says differently each time is proposed as a rule', () => {
  const proposed = (one: Observed, other: Observed) =>
    proposeRules({ outcome: 'uncomparable', differences: [], noise: compareAnswers(one, other) });
  const reason = expect.any(String);

  test('as a preset or an element, and the proposal makes the pages the same', () => {
    const [one, other] = ['a1', 'b2'].map(
      (token) =>
        `${form(token)}<p id="views">Ann, ${token} views</p><img class="banner x" src="/${token}.png"><i>1</i>`,
    );
    const rules = proposed(page(one!), page(other!));
    expect(rules).toEqual({
      masks: [
        { preset: 'csrf', reason },
        { selector: 'p#views', reason },
        { selector: 'img.banner@src', reason },
      ],
    });
    expect(JSON.stringify(rules)).not.toMatch(/Ann|a1|b2/);
    expect(differ(one!, other!, rules)).toBe(false);
    expect(differ(one!, other!.replace('<i>1', '<i>2'), rules)).toBe(true);
  });
  test('nothing for pages of another shape', () =>
    expect(proposed(page('<p>1</p>'), page('<p>1</p><p>2</p>'))).toBeUndefined());
  test('JSON fields, headers and lists in another order', () => {
    const json = (body: string, vary: string): Observed => ({
      ...page(body, 'application/json'),
      headers: { 'content-type': 'application/json', vary },
    });
    expect(
      proposed(
        json('{"items":[{"t":1,"l":[1,2]}]}', 'a'),
        json('{"items":[{"t":2,"l":[2,1]}]}', 'b'),
      ),
    ).toEqual({
      unordered: ['/items/*/l'],
      ignore: [
        { path: 'header:vary', reason },
        { path: '/items/*/t', reason },
      ],
    });
  });
  test('a real difference is never proposed away, another order is', () => {
    const differences = [
      { path: '/a', reference: 1, candidate: 2 },
      { path: '/items/3/tags', reference: '', candidate: '', onlyOrder: true as const },
    ];
    expect(proposeRules({ outcome: 'mismatch', differences })).toEqual({
      unordered: ['/items/*/tags'],
    });
    expect(
      proposeRules({ outcome: 'mismatch', differences: differences.slice(0, 1) }),
    ).toBeUndefined();
  });
});
