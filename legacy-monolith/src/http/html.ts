export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

type Part = string | number | null | Html | readonly Html[];
const render = (part: Part): string =>
  part instanceof Html
    ? part.text
    : typeof part === 'object' && part !== null
      ? part.map((item) => item.text).join('')
      : escape(String(part ?? ''));

/** Everything that is put in is escaped, unless it is Html itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, piece, index) => text + render(parts[index - 1] ?? '') + piece));
