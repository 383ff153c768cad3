// The list of incidents: what waits first, live, a page at a time.
import { $, flag, html, icon, put, say } from './ui.js';
import { clock, pick, span, t } from './i18n.js';
import { get } from './api.js';
import { closeUp, dwell, review, reviewChip } from './incident.js';
import { fill, frame } from './picture.js';

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
