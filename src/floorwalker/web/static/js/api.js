// The one place that talks to the server.

/** What the server says when something is wrong: its code, sentence and trace id. */
export class ApiError extends Error {
  constructor(status, code, message, traceId, details = null) {
    super(message);
    Object.assign(this, { status, code, traceId, details });
  }
}

const TIMEOUT_MS = 20_000;

/**
 * Fetch JSON.
 * @param {string} path - for example `/stores/A/metrics`.
 * @param {Object} [query] - parameters; empty ones are left out.
 * @throws {ApiError} code `unreachable` where no answer came at all.
 */
export async function getJson(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return ask(path + search, { headers: { Accept: "application/json" }, cache: "no-store" });
}

/**
 * Send JSON.
 * @param {string} path - for example `/stores/A/corrections`.
 * @param {Object} body - what to send.
 * @throws {ApiError} as `getJson`; its `details` say more.
 */
export async function postJson(path, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError(0, "unreachable", "The server does not answer.", null);
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  if (response.status === 401) { // the session is over
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const { code = "unexpected", message, trace_id: traceId = null, details = null } = body?.error ?? {};
  throw new ApiError(response.status, code, message ?? `The server answered ${response.status}.`, traceId, details);
}

/** Address of a store, or of one of its resources; the id may hold any character. */
export function storePath(storeId, resource = null) {
  const store = `/stores/${encodeURIComponent(storeId)}`;
  return resource ? `${store}/${resource}` : store;
}
