// What comes from the server: requests with faults in both languages, pictures that are fetched once, the stream of events.
import { pick, t } from './i18n.js';

export class Failure extends Error {
  /** @param answer the problem as the server said it: { title in both languages, … } */
  constructor(status, title, retryAfter, answer) {
    super(title);
    this.status = status;
    this.retryAfter = retryAfter;
    this.answer = answer;
    /** What is wrong with parts of the request, and what to write by hand instead. */
    this.fields = answer?.fields ?? [];
    this.patch = answer?.patch;
  }
  /** For programs, such as `no_session`. */
  get type() { return this.answer?.type?.split(':').pop(); }
  /** In both languages, where the server said them. */
  get titles() { return this.answer?.title; }
}

let ended = () => {};
/** Called when a request finds that there is no session any more. */
export const onSessionEnd = body => { ended = body; };

export async function call(method, path, body, { keepalive = false, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, keepalive, credentials: 'same-origin', cache: 'no-store',
      headers: method === 'GET' ? {} : { 'Content-Type': 'application/json', 'X-Gridwarden': '1', ...headers },
      body: body == null ? undefined : JSON.stringify(body),
    });
  } catch { throw new Failure(0, t('net')); }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  // A wrong password is another matter.
  if (response.status === 401 && /:no_(session|users)$/.test(answer?.type) && path !== '/session') ended();
  throw new Failure(response.status, pick(answer?.title) || `HTTP ${response.status}`, answer?.retry_after, answer);
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

/** The newest small picture of a camera: { blob, taken }, without a blob where it is the one that is known already. */
export async function still(camera, known) {
  let response;
  try {
    response = await fetch(`/api/v1/cameras/${encodeURIComponent(camera)}/still?width=480`, {
      credentials: 'same-origin', cache: 'no-store', headers: known ? { 'If-None-Match': known } : {},
    });
  } catch { throw new Failure(0, t('net')); }
  const tag = response.headers.get('ETag');
  const age = Number(response.headers.get('Age'));
  if (response.status === 304) return { age, tag };
  if (response.ok) return { blob: await response.blob(), age, tag };
  if (response.status === 401) ended();
  const answer = await response.json().catch(() => null);
  throw new Failure(response.status, pick(answer?.title) || `HTTP ${response.status}`, answer?.retry_after, answer);
}

/* ---------- events ---------- */

// The stream resumes by id, says how fresh the page is, and rests while nobody looks.
const restsAfter = 60_000;
const staleAfter = 40_000;

/**
 * @param {{since: () => string, events: Object<string, (value) => void>, reset: () => void, changed: () => void}} hooks `events`: what is done with
 *   each kind of event
 */
export function live(hooks) {
  let source = null;
  let last = null; // the id of the newest event
  let heard = 0;
  let wait = 1000;
  let timer = null;
  let resting = null;
  let isClosed = false;
  const state = { name: 'wait', since: Date.now() };

  const turn = name => {
    if (state.name === name) return;
    state.name = name;
    if (name === 'off') state.since = heard || Date.now();
    hooks.changed();
  };
  const hear = event => {
    heard = Date.now();
    if (event.lastEventId) last = event.lastEventId;
    turn('on');
  };

  function open() {
    clearTimeout(timer);
    source?.close();
    if (isClosed) return;
    const since = last ?? hooks.since();
    source = new EventSource(`/api/v1/events${since ? `?since=${encodeURIComponent(since)}` : ''}`);
    source.addEventListener('hello', event => { wait = 1000; hear(event); hooks.hello?.(); });
    source.addEventListener('tick', hear);
    for (const [name, take] of Object.entries(hooks.events)) {
      source.addEventListener(name, event => { hear(event); take(JSON.parse(event.data)); });
    }
    source.addEventListener('reset', event => { hear(event); hooks.reset(); });
    source.onerror = () => {
      turn('off');
      // Own waits in place of the browser's: it gives up for good where the answer is no stream.
      source.close();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 15_000);
    };
  }

  const watch = setInterval(() => {
    if (state.name === 'on' && Date.now() - heard > staleAfter) turn('stale');
    else if (state.name === 'stale') hooks.changed();
  }, 5000);
  const rest = () => { source?.close(); source = null; clearTimeout(timer); };
  // A browser may keep a page that was left, with its stream, of which it has few for a host.
  const shown = event => { if (event.persisted) open(); };
  const seen = () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(rest, restsAfter);
    else if (!source) open();
  };
  const back = () => { wait = 1000; open(); };
  document.addEventListener('visibilitychange', seen);
  addEventListener('online', back);
  addEventListener('pagehide', rest);
  addEventListener('pageshow', shown);
  open();

  return {
    state,
    get heard() { return heard; },
    close() {
      isClosed = true;
      clearInterval(watch);
      clearTimeout(timer);
      clearTimeout(resting);
      source?.close();
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('online', back);
      removeEventListener('pagehide', rest);
      removeEventListener('pageshow', shown);
    },
  };
}
