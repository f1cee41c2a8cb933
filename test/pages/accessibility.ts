import type { BrowserPage } from '@strangler-toolkit/dev-stack';

/** Of every text the contrast to what is painted behind it, where that is too low to be read by many (WCAG AA). */
const faintTexts = `(() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest('.unseen, .skip, noscript')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(numbers(style.color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(element.textContent.trim().slice(0, 40) + ' ' + contrast.toFixed(1));
  }
  return faint;
})()`;

const operable = new Set(['link', 'button', 'textbox', 'searchbox', 'spinbutton', 'image']);

/** What would keep somebody from using the page; empty when nothing was found. */
export async function barriers(page: BrowserPage): Promise<string[]> {
  const found = (await page.evaluate<string[]>(faintTexts)).map((text) => `faint: ${text}`);
  const parts = await page.accessible();
  for (const { role, name } of parts)
    if (operable.has(role) && name.trim() === '') found.push(`a ${role} without a name`);
  const headings = await page.evaluate<number>(
    `[...document.querySelectorAll('h1')].filter((heading) => heading.checkVisibility()).length`,
  );
  if (headings !== 1) found.push(`${headings} headings of the first level`);
  if (!(await page.evaluate<boolean>(`document.documentElement.lang !== ''`)))
    found.push('no language');
  const wider = await page.evaluate<number>(
    `document.documentElement.scrollWidth - document.documentElement.clientWidth`,
  );
  if (wider > 0) found.push(`${wider} pixels wider than the screen`);
  return found;
}
