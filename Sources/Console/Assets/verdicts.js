// Verdicts: said at once, sent after five seconds unless undone, kept while there is no connection.
import { call, Failure } from './api.js';
import { $, html, icon, put } from './ui.js';
import { t } from './i18n.js';

const seconds = 5;
const waiting = new Map(); // incident → {id, verdict, note, left}
let shown = null; // the one that can be undone
let timer = null;
let hooks = { changed() {}, taken() {}, failed() {} };

export const onVerdict = body => { hooks = body; };
/** What the page shows as the verdict of an incident meanwhile; nothing where none waits. */
export const waitingVerdict = incident => waiting.get(incident)?.verdict;
/** How many were said and could not be sent yet. */
export const unsent = () => [...waiting].filter(([incident]) => incident !== shown).length;

export function judge(incident, verdict, note) {
  flush();
  waiting.set(incident, { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, verdict, note, left: seconds });
  shown = incident;
  timer = setInterval(count, 1000);
  draw();
  hooks.changed();
}

/** Sends everything that waits now. */
export function flush() {
  clearInterval(timer);
  shown = null;
  draw();
  return Promise.all([...waiting.keys()].map(send));
}

/** Tries again what could not be sent; what can still be undone waits. */
export const retry = () => [...waiting.keys()].filter(incident => incident !== shown).map(send);

function count() {
  const item = waiting.get(shown);
  if (!item) return clearInterval(timer);
  item.left -= 1;
  if (item.left > 0) return draw();
  clearInterval(timer);
  const incident = shown;
  shown = null;
  draw();
  return send(incident);
}

function undo() {
  clearInterval(timer);
  waiting.delete(shown);
  shown = null;
  draw();
  hooks.changed();
}

async function send(incident) {
  const item = waiting.get(incident);
  if (!item || item.isSent) return;
  item.isSent = true;
  try {
    const body = { id: item.id, verdict: item.verdict };
    if (item.note) body.note = item.note;
    const answer = await call('POST', `/incidents/${incident}/review`, body, { keepalive: true });
    waiting.delete(incident);
    hooks.taken(incident, answer);
  } catch (error) {
    item.isSent = false;
    // Without a connection, a session or a moment's rest it is tried again; anything else is final.
    const isFinal = error instanceof Failure && ![0, 401, 429, 503].includes(error.status);
    if (isFinal) { waiting.delete(incident); hooks.failed(incident, error.message); }
  }
  hooks.changed();
}

function draw() {
  const box = $('#toast');
  const item = waiting.get(shown);
  box.hidden = !item;
  if (!item) return put(box, html``);
  if (box.dataset.of !== item.id) {
    box.dataset.of = item.id;
    put(box, html`<span>${t('v.sent', t('review.' + item.verdict))}</span>
      <button class="btn" data-k="undo">${icon('undo')}<span class="num"></span></button>`);
    $('button', box).onclick = undo;
  }
  $('button .num', box).textContent = t('v.undo', t('u.s', item.left));
  return true;
}

// Leaving the page sends at once.
addEventListener('pagehide', () => { flush(); });
