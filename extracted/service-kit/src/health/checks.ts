/** Throws or rejects when the service cannot do its work; the reason is shown to operators. */
export type Check = () => Promise<void> | void;
export type Checks = Readonly<Record<string, Check>>;

export interface CheckResult {
  readonly ok: boolean;
  readonly ms: number;
  readonly error?: string;
}

/** Runs every check side by side; one that does not answer in time counts as failed, so that readiness never hangs. */
export async function runChecks(
  checks: Checks,
  timeoutMs = 2_000,
): Promise<{ ok: boolean; checks: Record<string, CheckResult> }> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, CheckResult]> => {
      const started = performance.now();
      const ms = (): number => Math.round(performance.now() - started);
      let timer: NodeJS.Timeout | undefined;
      try {
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(new Error(`no answer within ${timeoutMs} ms`)),
            timeoutMs,
          );
        });
        await Promise.race([Promise.resolve().then(check), late]);
        return [name, { ok: true, ms: ms() }];
      } catch (error) {
        return [
          name,
          { ok: false, ms: ms(), error: error instanceof Error ? error.message : String(error) },
        ];
      } finally {
        clearTimeout(timer);
      }
    }),
  );
  return { ok: results.every(([, result]) => result.ok), checks: Object.fromEntries(results) };
}
