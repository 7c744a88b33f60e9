import { problemOf } from "../../api/problem";

// send asks for a session: neither a key nor a cookie is there yet.
export async function send<T>(path: string, body: unknown): Promise<T> {
  let response;
  try {
    response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Bursar-Csrf": "1" }, body: JSON.stringify(body) });
  } catch {
    throw problemOf(null, 0);
  }
  const got: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(got, response.status);
  return got as T;
}
