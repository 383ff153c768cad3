// Incidents: the list, one of them with its pictures and reasons, and what people say of it.
import { $, flag, html, icon, put, say } from './ui.js';
import { clock, moment, pick, settings, span, t } from './i18n.js';
import { call, Failure, get } from './api.js';
import { fill, frame } from './picture.js';

/* ---------- verdicts: said at once, sent after five seconds unless undone, kept while there is no connection ---------- */

const undoSeconds = 5;
const said = new Map(); // incident → {id, verdict, note, left}
let undoable = null; // the one that can be undone
let counting = null;
let told = { changed() {}, taken() {}, failed() {} };

export const onVerdict = body => { told = body; };
/** What the page shows as the verdict of an incident meanwhile; nothing where none waits. */
export const waitingVerdict = incident => said.get(incident)?.verdict;
/** How many were said and could not be sent yet. */
export const unsent = () => [...said].filter(([incident]) => incident !== undoable).length;

export function judge(incident, verdict, note) {
  flush();
  said.set(incident, { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, verdict, note, left: undoSeconds });
  undoable = incident;
  counting = setInterval(countDown, 1000);
  drawToast();
  told.changed();
}

/** Sends everything that waits now. */
export function flush() {
  clearInterval(counting);
  undoable = null;
  drawToast();
  return Promise.all([...said.keys()].map(sendVerdict));
}

/** Tries again what could not be sent; what can still be undone waits. */
export const retry = () => [...said.keys()].filter(incident => incident !== undoable).map(sendVerdict);

function countDown() {
  const item = said.get(undoable);
  if (!item) return clearInterval(counting);
  item.left -= 1;
  if (item.left > 0) return drawToast();
  clearInterval(counting);
  const incident = undoable;
  undoable = null;
  drawToast();
  return sendVerdict(incident);
}

function takeBack() {
  clearInterval(counting);
  said.delete(undoable);
  undoable = null;
  drawToast();
  told.changed();
}

async function sendVerdict(incident) {
  const item = said.get(incident);
  if (!item || item.isSent) return;
  item.isSent = true;
  try {
    const body = { id: item.id, verdict: item.verdict };
    if (item.note) body.note = item.note;
    const answer = await call('POST', `/incidents/${incident}/review`, body, { keepalive: true });
    said.delete(incident);
    told.taken(incident, answer);
  } catch (error) {
    item.isSent = false;
    // Without a connection, a session or a moment's rest it is tried again; anything else is final.
    const isFinal = error instanceof Failure && ![0, 401, 429, 503].includes(error.status);
    if (isFinal) { said.delete(incident); told.failed(incident, error.message); }
  }
  told.changed();
}

function drawToast() {
  const box = $('#toast');
  const item = said.get(undoable);
  box.hidden = !item;
  if (!item) return put(box, html``);
  if (box.dataset.of !== item.id) {
    box.dataset.of = item.id;
    put(box, html`<span>${t('v.sent', t('review.' + item.verdict))}</span>
      <button class="btn" data-k="undo">${icon('undo')}<span class="num"></span></button>`);
    $('button', box).onclick = takeBack;
  }
  $('button .num', box).textContent = t('v.undo', t('u.s', item.left));
  return true;
}

// Leaving the page sends at once.
addEventListener('pagehide', () => { flush(); });

/* ---------- one incident ---------- */

const chips = { pending: 'warn', confirmed: 'info', handled: 'ok' };
const verdicts = [['confirmed', 'ok', 'C'], ['handled', 'handled', 'H'], ['false_positive', 'bad', 'F']];
const others = ['duplicate', 'wrong_kind', 'out_of_scope', 'insufficient_evidence'];

export const review = item => waitingVerdict(item.id) ?? item.review;
export const reviewChip = item => html`<span class="chip ${chips[review(item)] ?? ''}">${t('review.' + review(item))}</span>`;
export const severity = item =>
  html`<span class="sev sev${item.severity}">${icon('sev' + item.severity)}<span>${t('sev.' + item.severity)}</span></span>`;
/** One step of the explanation; what has no Chinese words, such as a fault of the box, stays English. */
const reason = why => settings.lang === 'zh' && why.what_zh ? html`<span>${why.what_zh}</span>` : html`<span lang="en">${why.what}</span>`;
const newest = (item, role) => item.evidence.findLast(e => e.role === role);
export const closeUp = item => newest(item, 'close-up') ?? item.evidence.at(-1);

export function stateText(item) {
  if (item.state === 'closed') return `${t('state.closed')} · ${t('reason.' + (item.reason ?? 'cleared'))}`;
  return item.state === 'withdrawn' ? t('state.withdrawn') : t('inc.notend');
}

function shot(item, evidence, isMarked) {
  const label = t('ev.' + evidence.role);
  const mark = html`<svg class="mark" data-box="${item.object.box.join(' ')}" aria-hidden="true"><rect/></svg>`;
  return html`<figure data-of="${evidence.sha256}" class="shot"><div class="shotin">${frame(evidence.sha256, `${label}, ${pick(item.name)}, ${item.camera.name}, ${clock(evidence.taken)}`, { isCropped: !isMarked })}${isMarked ? mark : ''}</div>
    <figcaption><b>${label}</b> <span class="num">${clock(evidence.taken)}</span></figcaption></figure>`;
}

/** One stay: seen → allowed → reported → now. */
export function stayBar(item, state, now) {
  const { observed } = item;
  const [first, reported] = [moment(observed.first_seen), moment(observed.confirmed)];
  const isOpen = item.state === 'opened' || item.state === 'updated';
  const end = isOpen ? Math.max(now, moment(observed.last_seen)) : moment(observed.closed ?? observed.last_seen);
  const total = Math.max(end - first, observed.threshold_seconds * 1.2, 1);
  const x = seconds => Math.round((1000 * Math.min(Math.max(seconds, 0), total)) / total);
  const [limit, until] = [x(observed.threshold_seconds), x(end - first)];
  return html`<div class="stayline">
    <svg class="staybar" viewBox="0 0 1000 14" preserveAspectRatio="none" role="img"
      aria-label="${t('inc.stay', span(end - first), span(observed.threshold_seconds))}">
      <rect class="track" width="1000" height="14"/><rect class="allowed" width="${Math.min(limit, until)}" height="14"/>
      <rect class="beyond" x="${limit}" width="${Math.max(0, until - limit)}" height="14"/>
      <rect class="limit" x="${limit}" width="3" height="14"/></svg>
    <p class="stays num"><span><b>${clock(observed.first_seen)}</b> ${t('tl.first')}</span>
      <span><b>${clock(observed.confirmed)}</b> ${t('tl.opened')}</span><span>${state}</span></p></div>`;
}

/** Seconds that an incident has lasted. */
export function dwell(item, now) {
  const isOpen = item.state === 'opened' || item.state === 'updated';
  return isOpen ? Math.max(item.observed.dwell_seconds, now - moment(item.observed.first_seen)) : item.observed.dwell_seconds;
}

function evidence(item, now) {
  if (!item.evidence.length) {
    const isSoon = now - moment(item.observed.confirmed) < 30;
    return html`<p class="note ${isSoon ? '' : 'warn'}">${icon('none')}<span>${t(isSoon ? 'ev.soon' : 'ev.none')}</span></p>`;
  }
  const panoramas = ['first', 'confirming', 'later'].map(r => newest(item, `panorama-${r}`)).filter(Boolean);
  const [first, last] = [panoramas[0], panoramas.at(-1)];
  const apart = first !== last ? moment(last.taken) - moment(first.taken) : 0;
  return html`${panoramas.length ? html`<section class="shots n${Math.min(panoramas.length, 3)}" aria-label="${t('ev.title')}">
      ${panoramas.map(e => shot(item, e, true))}</section>` : ''}
    <p class="hint row">${apart > 0 ? html`<span>${t('ev.between', span(apart))}</span><span aria-hidden="true">·</span>` : ''}
      <span>${t('ev.masked')}</span></p>`;
}

function buttons(item, role) {
  const isFinal = item.state === 'withdrawn';
  if (role === 'viewer') return html`<p class="hint">${t('noright')}</p>`;
  const button = (verdict, name, key) => html`<button class="btn" data-v="${verdict}" data-k="v-${verdict}"
    aria-pressed="${String(review(item) === verdict)}" ${flag('disabled', isFinal)}>${name ? icon(name) : ''}<span>${t('review.' + verdict)}</span>${key ? html`<kbd aria-hidden="true">${key}</kbd>` : ''}</button>`;
  return html`<div class="vbtns">${verdicts.map(v => button(...v))}</div>
    <details class="vmore" data-k="vmore"><summary>${t('v.more')}</summary><div class="vbtns two">${others.map(v => button(v))}</div>
      <label class="field"><span>${t('v.note')}</span><input class="input" maxlength="200" data-k="vnote" autocomplete="off" ${flag('disabled', isFinal)}></label></details>
    ${isFinal ? html`<p class="hint">${t('v.final')}</p>` : ''}`;
}

function facts(item) {
  const { source, offset_ms: offset } = item.observed.clock;
  const row = (key, value) => html`<dt>${t('facts.' + key)}</dt><dd>${value}</dd>`;
  return html`<section><h2 class="sub">${t('facts.title')}</h2><dl class="facts">
    ${row('code', html`${item.codes.map((c, i) => html`${i ? ', ' : ''}${c.code} <span class="muted">${c.system}</span>`)}`)}
    ${row('area', `${item.area.code} / ${item.area.grid} / ${item.area.microgrid}`)}
    ${row('camera', html`${item.camera.name} <span class="muted mono">${item.camera.id}</span>`)}
    ${row('dept', pick(item.department.name))}${row('limit', pick(item.suggested_limit))}
    ${row('clock', html`${t('facts.clock.' + source)}${offset == null ? '' : html` <span class="muted">${t('facts.clock.off', offset)}</span>`}`)}
    ${row('model', html`${item.provenance} <span class="muted">${t('facts.conf')} ${item.object.confidence.toFixed(2)}</span>`)}
    ${row('seq', html`${item.sequence} <span class="muted">${t(item.delivered ? 'facts.sent' : 'facts.unsent')}</span>`)}</dl></section>`;
}

export function view(item, { isPage = false, role, now }) {
  const close = newest(item, 'close-up');
  const heading = isPage ? html`<h1 id="ih">${pick(item.name)}</h1>` : html`<h2 id="ih" class="ititle">${pick(item.name)}</h2>`;
  return html`<article class="incident" data-of="${item.id}" aria-labelledby="ih">
    <header class="ihead">${isPage ? html`<a class="btn quiet backlink" href="/" data-k="back" aria-label="${t('back')}">${icon('back')}</a>` : ''}
      <div class="grow">${heading}<p class="where">${item.camera.name}${item.zone.name ? html` <span class="muted">· ${item.zone.name}</span>` : ''}</p></div>
      <div class="row">${severity(item)} ${reviewChip(item)}</div></header>
    <div class="icols"><div class="stack">${evidence(item, now)}
      <section><h2 class="sub">${t('tl.title')} · <b>${t('inc.stay', span(dwell(item, now)), span(item.observed.threshold_seconds))}</b></h2>
        ${stayBar(item, stateText(item), now)}</section>
      <div class="closewhy ${close ? '' : 'alone'}">${close ? shot(item, close, false) : ''}
        <section><h2 class="sub">${t('why.title')}</h2><ol class="why">${item.why.map(w => html`<li><span class="num muted">${clock(w.at)}</span>${reason(w)}</li>`)}</ol></section></div>
    </div><aside class="stack"><section class="verdict" aria-labelledby="vh"><h2 id="vh">${t('v.ask')}</h2>${buttons(item, role)}
      <p class="hint lead">${t('facts.lead')}</p></section>${facts(item)}</aside></div></article>`;
}

/** Clicks on verdicts. */
export function judgeByClick(event, item, role) {
  const verdict = event.target.closest('[data-v]')?.dataset.v;
  if (verdict) judgeBy(item, verdict, role);
}
export function judgeBy(item, verdict, role) {
  if (!item || role === 'viewer' || item.state === 'withdrawn') return false;
  const field = $('[data-k="vnote"]');
  judge(item.id, verdict, field?.value.trim());
  if (field) field.value = '';
  return true;
}

/* ---------- the list ---------- */

export const filters = ['todo', 'open', 'today', 'all'];
const isOpen = item => item.state === 'opened' || item.state === 'updated';

/** Midnight at the place, with its offset, from any time that the server said. */
const midnight = time => `${time.slice(0, 10)}T00:00:00${time.slice(-6).match(/[+-]\d\d:\d\d/) ?? 'Z'}`;

export class List {
  constructor(changed) {
    this.changed = changed;
    this.items = new Map();
    this.counts = { pending: 0, open: 0 };
    this.filter = 'todo';
    this.words = '';
    this.state = 'load';
    this.event = '';
    this.turn = 0;
  }

  query(serverTime) {
    const query = new URLSearchParams();
    if (this.filter === 'todo') query.set('review', 'pending');
    if (this.filter === 'open') query.set('state', 'open');
    if (this.filter === 'today') query.set('from', midnight(serverTime));
    if (this.words) query.set('q', this.words);
    return query;
  }

  /** Reads it anew. */
  async load(serverTime) {
    const turn = ++this.turn;
    try {
      const answer = await get(`/incidents?${this.query(serverTime)}`);
      if (turn !== this.turn) return;
      this.items = new Map(answer.items.map(item => [item.id, item]));
      Object.assign(this, { next: answer.next, counts: answer.counts, event: answer.event, state: 'ready' });
    } catch (error) {
      if (turn !== this.turn) return;
      // What is shown already stays.
      if (this.state !== 'ready') Object.assign(this, { state: 'error', error: error.message });
    }
    this.changed();
  }

  async more(serverTime) {
    const query = this.query(serverTime);
    query.set('after', this.next);
    const answer = await get(`/incidents?${query}`);
    for (const item of answer.items) if (!this.items.has(item.id)) this.items.set(item.id, item);
    this.next = answer.next;
    this.changed();
  }

  async count() {
    const answer = await get('/incidents?limit=1').catch(() => null);
    if (answer) { this.counts = answer.counts; this.changed(); }
  }

  /** Takes an event in; the count follows from the server. */
  take(item) {
    const known = this.items.get(item.id);
    if (known && known.revision > item.revision) return;
    const isNew = !known && this.fits(item);
    if (known || isNew) this.items.set(item.id, item);
    if (isNew && item.review === 'pending' && item.state === 'opened') say(t('inc.new', 1));
    clearTimeout(this.counting);
    this.counting = setTimeout(() => this.count(), 300);
    this.changed();
  }

  fits(item) {
    if (this.words) {
      const text = [item.name.zh, item.name.en, item.camera.id, item.camera.name, item.zone.name].join(' ').toLowerCase();
      if (!text.includes(this.words.toLowerCase())) return false;
    }
    if (this.filter === 'todo') return review(item) === 'pending';
    return this.filter === 'open' ? isOpen(item) : true;
  }

  /** What the filter shows now, newest first. One that is looked at stays. */
  shown(selected) {
    return [...this.items.values()].filter(item => this.fits(item) || item.id === selected)
      .sort((a, b) => b.observed.confirmed.localeCompare(a.observed.confirmed) || b.id.localeCompare(a.id));
  }
}

const row = (item, selected, filter, now) => html`<li data-of="${item.id}"><a class="item ${item.id === selected ? 'on' : ''}" href="/incident?id=${item.id}"
    data-id="${item.id}" data-k="i-${item.id}" ${flag('aria-current="true"', item.id === selected)}>
  ${closeUp(item) ? frame(closeUp(item).sha256, '', { cls: 'thumb', isCropped: true }) : html`<span class="pic thumb none">${icon('none')}</span>`}
  <span class="what"><b>${icon('sev' + item.severity, `sevdot sev${item.severity}`)}<span class="vh">${t('sev.' + item.severity)} </span>${pick(item.name)}</b>
    <span class="p">${item.camera.name}${item.zone.name ? ` · ${item.zone.name}` : ''}</span>
    <span class="s">${t('inc.stay', span(dwell(item, now)), span(item.observed.threshold_seconds))}</span></span>
  <span class="when"><span class="num">${clock(item.observed.confirmed).slice(0, 5)}</span>${filter === 'todo' && review(item) === 'pending' ? '' : reviewChip(item)}</span></a></li>`;

const waiting = () => html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div><div class="wait"></div></div>`;

function empty(list, cameras) {
  const seeing = (cameras ?? []).filter(c => c.state === 'online');
  const last = Math.min(...seeing.map(c => c.seconds_since_look ?? Infinity));
  return html`<div class="empty">${icon('ok', 'dot ok')}<p><b>${t('inc.empty.' + (list.words ? 'all' : list.filter))}</b></p>
    ${cameras && Number.isFinite(last) ? html`<p class="muted">${t('inc.watch', cameras.length, seeing.length, span(last))}</p>` : ''}</div>`;
}

/** Draws the list; the field for words is never drawn anew, for somebody may be typing. */
export function drawList(root, list, { selected, cameras, now, role, table }) {
  if (!$('.lhead', root)) {
    root.innerHTML = String(html`<div class="lhead"><p class="lead" data-part="sum"></p><div class="seg" role="group" data-part="seg"></div>
      <input class="input" type="search" data-k="search" maxlength="100" autocomplete="off"></div><div data-part="rows"></div><div data-part="table"></div>`);
  }
  const search = $('[type=search]', root);
  search.placeholder = t('inc.search');
  search.setAttribute('aria-label', t('inc.search'));
  if (document.activeElement !== search) search.value = list.words;
  put($('[data-part=sum]', root), html`<b>${list.state === 'ready' ? t('inc.summary', list.counts.pending, list.counts.open) : t('load')}</b>`);
  $('[data-part=seg]', root).setAttribute('aria-label', t('inc.filter'));
  put($('[data-part=seg]', root), html`${filters.map(f => html`<button class="btn" data-f="${f}" data-k="f-${f}" aria-pressed="${String(list.filter === f)}">${t('inc.f.' + f)}</button>`)}`);
  const rows = $('[data-part=rows]', root);
  const shown = list.shown(selected);
  if (list.state === 'load') put(rows, waiting());
  else if (list.state === 'error') {
    put(rows, html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', list.error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>`);
  } else if (!shown.length) put(rows, empty(list, cameras));
  else {
    put(rows, html`<ul class="items">${shown.map(item => row(item, selected, list.filter, now))}</ul>
      ${list.next ? html`<p class="pad"><button class="btn" data-act="more" data-k="more">${t('more')}</button></p>` : ''}`);
    fill(rows);
  }
  put($('[data-part=table]', root), role !== 'viewer' && list.state === 'ready' && shown.length
    ? html`<p class="pad"><a class="btn" href="${table}" download data-k="csv">${icon('save')}<span>${t('inc.csv')}</span></a></p>` : '');
}
