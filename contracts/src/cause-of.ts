/** fetch says "fetch failed"; why stands in its cause, of which `code` is what stays when there is no text. */
export function causeOf(error: unknown): string {
  const cause: unknown =
    typeof error === 'object' && error !== null && 'cause' in error ? error.cause : error;
  if (typeof cause !== 'object' || cause === null) return String(error);
  const said = ['code', 'message']
    .map((name): unknown => Reflect.get(cause, name))
    .filter((text): text is string => typeof text === 'string' && text !== '');
  const [code, message] = said;
  if (code === undefined) return String(error);
  return message === undefined || message.includes(code)
    ? (message ?? code)
    : `${code}: ${message}`;
}
