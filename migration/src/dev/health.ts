/** Longest that an answer about health may take, milliseconds: a process that hangs is not well. */
const patienceMs = 2_000;

export interface PartHealth {
  readonly ok: boolean;
  readonly text: string;
}

interface Answer {
  readonly status?: string;
  readonly why?: string;
  readonly caughtUp?: boolean;
  readonly plan?: { readonly problem?: { readonly code?: string } | null };
}

/** What a part says of itself, in words that change only when it does. */
export async function askHealth(operators: string): Promise<PartHealth> {
  try {
    const response = await fetch(`${operators}/health/ready`, {
      signal: AbortSignal.timeout(patienceMs),
    });
    const { status, why, caughtUp, plan } = (await response.json()) as Answer;
    const words = [
      status ?? (response.ok ? 'ready' : 'not ready'),
      ...(caughtUp === true ? ['caught up'] : []),
      ...(why === undefined ? [] : [why]),
      ...(plan?.problem ? [`context file not taken (${plan.problem.code ?? ''})`] : []),
    ];
    return { ok: response.ok, text: words.join(', ') };
  } catch {
    return { ok: false, text: 'does not answer' };
  }
}
