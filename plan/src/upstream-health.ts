/** Whether the HTTP side of monolith or service is there. */
export type UpstreamHealth =
  { readonly up: true; readonly how: string } | { readonly up: false; readonly why: string };

const usual = ['/health/ready', '/health', '/healthz'] as const;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const reasonOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  const code = 'code' in error ? textOf(error.code) : undefined;
  const message = 'message' in error ? textOf(error.message) : undefined;
  return code ?? message ?? 'for no reason that it gives';
};

/**
 * Asks the health address that the context file names, else the usual ones; who answers 404 to those is there all the same.
 * `statusOf` asks an address and brings the status of its answer; what it throws means that nobody is there.
 */
export async function lookAtHealth(
  { url, path }: { readonly url: string; readonly path?: string | undefined },
  statusOf: (address: string) => Promise<number>,
): Promise<UpstreamHealth> {
  for (const candidate of path === undefined ? usual : [path]) {
    let status: number;
    try {
      status = await statusOf(`${url.replace(/\/+$/, '')}${candidate}`);
    } catch (error) {
      return { up: false, why: `does not answer (${reasonOf(error)})` };
    }
    if (status < 400) return { up: true, how: `${candidate} answers ${status}` };
    if (path !== undefined || status >= 500)
      return { up: false, why: `${candidate} answers ${status}` };
  }
  return { up: true, how: 'it answers; no health address is known' };
}
