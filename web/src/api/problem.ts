// Problem is what the server says when it refuses, in words for people.
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly reason: string,
    readonly field: string,
    readonly hint: string,
    readonly line = 0, // where in the field's text, from 1; 0 where it says nothing about a place
    readonly column = 0,
  ) {
    super(message);
  }
}

const number = (v: unknown): number => (typeof v === "number" ? v : 0);
const text = (v: unknown): string => (typeof v === "string" ? v : "");

// problemOf turns an answer that is no success into a Problem. Status 0 is a server that did not answer.
export function problemOf(body: unknown, status: number): Problem {
  if (status === 0) return new Problem("bursar does not answer.", 0, "unreachable", "", "Is it running? This page tries again by itself.");
  const p = (body ?? {}) as Record<string, unknown>;
  const errors = Array.isArray(p.errors) ? (p.errors as Record<string, unknown>[]) : [];
  const first = errors[0];
  const field = text(p.field) || text(first?.location).replace(/^body\./, "");
  return new Problem(text(p.detail) || text(p.title) || `The server answered ${status}.`, status, text(p.reason), field, text(p.hint), number(p.line), number(p.column));
}

export const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));
export const hintOf = (e: unknown): string => (e instanceof Problem ? e.hint : "");
