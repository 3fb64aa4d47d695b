/** What is wrong, where, and how to fix it, with a code that never changes its meaning (as in errors.py). */
export interface Problem {
  code: string;
  what: string;
  where: string;
  fix: string;
}

export class SealiftError extends Error implements Problem {
  constructor(
    readonly code: string,
    readonly what: string,
    readonly where: string,
    readonly fix: string,
  ) {
    super(`[${code}] ${where ? `${where}: ` : ""}${what} ${fix}`);
    this.name = "SealiftError";
  }

  asProblem(): Problem {
    return { code: this.code, what: this.what, where: this.where, fix: this.fix };
  }
}

/** Any thrown value as a problem that can be displayed. */
export function asProblem(error: unknown, fallback: Problem): Problem {
  if (error instanceof SealiftError) return error.asProblem();
  const detail = error instanceof Error ? error.message : String(error);
  return { ...fallback, what: `${fallback.what} (${detail.slice(0, 300)})` };
}
