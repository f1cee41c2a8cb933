/** What a person exports before typing commands, where several facades are several addresses. */
export function settingsOf(
  env: Readonly<Record<string, string>>,
  facades: readonly { readonly url: string; readonly adminPort: number }[],
): Readonly<Record<string, string>> {
  const addresses = facades.flatMap(({ url, adminPort }, index) => {
    const name = index === 0 ? 'FACADE' : `FACADE_${index + 1}`;
    return [
      [name, url],
      [`${name}_ADMIN`, `http://127.0.0.1:${adminPort}`],
    ];
  });
  return { ...env, ...Object.fromEntries(addresses) };
}

/** Lines for a shell; `set -a` before them exports what they set. */
export const settingsLines = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'`);

/** Written by us: an earlier run that was killed left it, and it may be replaced. */
export const areSettings = (text: string): boolean =>
  text === '' || text.startsWith("STRANGLER_CONTROL_URL='");
