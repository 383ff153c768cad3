// Requests: faults in both languages, a session that ended, and pictures that are fetched once.
import { pick, t } from './i18n.js';

export class Failure extends Error {
  constructor(status, title, retryAfter) {
    super(title);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

let ended = () => {};
/** Called when a request finds that there is no session any more. */
export const onSessionEnd = body => { ended = body; };

export async function call(method, path, body, { keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, keepalive, credentials: 'same-origin', cache: 'no-store',
      headers: method === 'GET' ? {} : { 'Content-Type': 'application/json', 'X-Gridwarden': '1' },
      body: body == null ? undefined : JSON.stringify(body),
    });
  } catch { throw new Failure(0, t('net')); }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401 && !path.startsWith('/session') && path !== '/setup') ended();
  throw new Failure(response.status, pick(answer?.title) || `HTTP ${response.status}`, answer?.retry_after);
}
export const get = path => call('GET', path);

// The server lets nobody keep a picture; this page does while it is open, up to a number.
const most = 60;
const pictures = new Map();
const gone = new Set();

/** The picture as an address of this page; null where it is no longer kept. */
export function picture(sha256) {
  if (gone.has(sha256)) return Promise.resolve(null);
  const known = pictures.get(sha256);
  if (known) {
    pictures.delete(sha256);
    pictures.set(sha256, known);
    return known;
  }
  const loading = (async () => {
    const response = await fetch(`/api/v1/evidence/${sha256}`, { credentials: 'same-origin', cache: 'no-store' });
    if (response.status === 410 || response.status === 404) { gone.add(sha256); return null; }
    if (!response.ok) throw new Failure(response.status, `HTTP ${response.status}`);
    return URL.createObjectURL(await response.blob());
  })();
  pictures.set(sha256, loading);
  loading.catch(() => pictures.delete(sha256));
  if (pictures.size > most) {
    const [oldest, url] = pictures.entries().next().value;
    pictures.delete(oldest);
    url.then(u => u && URL.revokeObjectURL(u)).catch(() => {});
  }
  return loading;
}
/** Forgets all pictures: somebody else may sign in next. */
export function forget() {
  for (const url of pictures.values()) url.then(u => u && URL.revokeObjectURL(u)).catch(() => {});
  pictures.clear();
}
