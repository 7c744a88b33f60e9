import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";
import { problemOf } from "./problem";
import { credential, session } from "./session";

export type Schemas = components["schemas"];
export type Account = Schemas["Account"];
export type Finding = Schemas["Finding"];
export type Run = Schemas["Run"];
export type Delivery = Schemas["Delivery"];
export type Export = Schemas["Export"];
export type Step = Schemas["Step"];
export type CostAnswer = Schemas["CostAnswer"];

const signed: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(credential())) request.headers.set(name, value);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) session.lost();
  },
};

export const api = createClient<paths>({ baseUrl: "" });
api.use(signed);

// answer gives the data of a call, or throws the problem that the server told.
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let result;
  try {
    result = await call;
  } catch {
    throw problemOf(null, 0);
  }
  if (result.error !== undefined || result.data === undefined) throw problemOf(result.error, result.response.status);
  return result.data;
}

// pages reads a list to its end.
export async function pages<T>(next: (cursor?: string) => Promise<{ items: T[] | null; next_cursor?: string }>, most = 50): Promise<T[]> {
  const out: T[] = [];
  let cursor: string | undefined;
  for (let n = 0; n < most; n++) {
    const page = await next(cursor);
    out.push(...(page.items ?? []));
    cursor = page.next_cursor || undefined;
    if (!cursor) break;
  }
  return out;
}
