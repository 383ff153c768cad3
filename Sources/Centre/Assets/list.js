// Lists of cases: the rows that all pages show, the list that the stream keeps, and the page of it, which is a grid worker's own.
import { $, html, icon, put } from './ui.js';
import { clock, moment, settings, span, t } from './i18n.js';
import { get } from './api.js';
import { fill, frame } from './picture.js';
import { centre } from './centre.js';

export const open = ['found', 'accepted', 'dispatched', 'handled', 'checked'];

/** What is left of the time of its stage, or how far it is over. */
export function due(item) {
  if (!item.due_at || !open.includes(item.stage)) return '';
  const left = moment(item.due_at) - centre.now();
  return html`<span class="due ${left < 0 ? 'bad' : left < 3600 ? 'warn' : ''}">${t(left < 0 ? 'c.overdue' : 'c.due', span(Math.round(Math.abs(left) / 60) * 60))}</span>`;
}
export const stageChip = item => html`<span class="chip st-${item.stage}">${t('s.' + item.stage)}</span>`;
export const placeOf = item => item.camera ?? item.place.split('/').at(-2) ?? item.place;

const row = item => html`<li data-of="${item.id}"><a class="case ${item.due_at && moment(item.due_at) < centre.now() ? 'late' : ''}" href="/?case=${encodeURIComponent(item.number)}" data-k="case-${item.id}" data-case="${item.id}">
  ${item.picture ? frame(item.picture, '', { cls: 'thumb', isCropped: true }) : html`<span class="pic thumb none">${icon('none')}</span>`}
  <span class="what"><b>${icon('sev' + item.severity, `sevdot sev${item.severity}`)}<span class="vh">${t('sev.' + item.severity)} </span>${centre.kind(item.kind)}</b>
    <span class="p">${placeOf(item)}${item.merged ? html` <span class="chip info" title="${t('c.merged', item.merged)}">+${item.merged}<span class="vh"> ${t('c.merged', item.merged)}</span></span>` : ''}${item.recurring ? html` <span class="chip warn">${t('c.recurring')}</span>` : ''}</span>
    <span class="s"><span class="mono">${item.area.slice(-6)} / ${item.grid}</span> · ${centre.department(item.department)} · <span class="num">${clock(item.found_at).slice(0, 5)}</span></span></span>
  <span class="when">${stageChip(item)}${due(item)}</span></a></li>`;

export const rows = (items, words) => items.length ? html`<ul class="items">${items.map(row)}</ul>`
  : html`<div class="empty">${icon('ok', 'dot ok')}<p>${words}</p></div>`;

/** A list of one filter, which the stream keeps. */
export class CaseList {
  constructor(changed) { Object.assign(this, { changed, items: null, next: null, error: null, turn: 0, key: '' }); }

  /** As the address of the API has it. */
  query(after) {
    const query = new URLSearchParams();
    const { area, grid, kind, stage, due, q, state } = this.filter;
    for (const [name, value] of Object.entries({ area, grid, kind, stage, due, q, state })) if (value) query.set(name, value);
    if (after) query.set('after', after);
    return query;
  }

  read(filter) {
    this.filter = filter;
    const key = String(this.query());
    if (key !== this.key) Object.assign(this, { key, items: null });
    return this.load();
  }

  /** The next part with something in it: a search through many cases that are over answers before it is through. */
  async part(turn, after) {
    for (;;) {
      const answer = await get(`/cases?${this.query(after)}`);
      if (answer.items.length || !answer.next || turn !== this.turn) return answer;
      after = answer.next;
    }
  }

  async load() {
    const turn = ++this.turn;
    try {
      const answer = await this.part(turn);
      if (turn === this.turn) Object.assign(this, { items: answer.items, next: answer.next, error: null });
    } catch (error) { if (turn === this.turn) this.error = error.message; }
    this.changed();
  }

  async more() {
    const turn = this.turn;
    try {
      const answer = await this.part(turn, this.next);
      if (turn !== this.turn) return;
      const known = new Set(this.items.map(item => item.id));
      Object.assign(this, { items: [...this.items, ...answer.items.filter(item => !known.has(item.id))], next: answer.next });
    } catch (error) { this.error = error.message; }
    this.changed();
  }

  fits(item) {
    const { area, grid, kind, stage, due: over, q, state } = this.filter;
    const isOpen = open.includes(item.stage);
    return item.area.startsWith(area) && (!grid || item.grid === grid) && (!kind || item.kind === kind)
      && (stage ? stage.split(',').includes(item.stage) : isOpen === (state !== 'ended'))
      && (!over || (item.due_at && moment(item.due_at) < centre.now()))
      && (!q || `${item.number} ${item.place}`.toLowerCase().includes(q.toLowerCase()));
  }

  /** A case as the stream says it. */
  take(item) {
    if (!this.items) return;
    const others = this.items.filter(one => one.id !== item.id);
    if (!this.fits(item)) { if (others.length !== this.items.length) { this.items = others; this.changed(); } return; }
    const isEnded = !open.includes(item.stage);
    const order = one => (isEnded ? -moment(one.found_at) : one.due_at ? moment(one.due_at) : Infinity);
    const at = others.findIndex(one => order(one) > order(item));
    // Beyond what was read it comes with the next part.
    if (at < 0 && this.next) { this.items = others; return this.changed(); }
    others.splice(at < 0 ? others.length : at, 0, item);
    this.items = others;
    this.changed();
  }
}

/* ---------- the page ---------- */

const list = new CaseList(() => centre.redraw());
const filters = { check: { stage: 'handled' }, open: {}, over: { due: 'over' }, ended: { state: 'ended' } };
// Who checks begins with what waits for that.
const first = () => (centre.who.role === 'worker' && !centre.who.department ? 'check' : 'open');
const chosen = () => (filters[centre.query.get('f')] ? centre.query.get('f') : first());

let typing = null;

export const page = {
  title: () => t('nav.list'),
  read() {
    list.read({ area: centre.area, grid: centre.grid, q: centre.query.get('q') ?? '', kind: centre.query.get('kind') ?? '', ...filters[chosen()] });
  },
  changed: item => list.take(item),
  refresh: () => list.load(),
  beat: () => list.load(),
  forget: () => Object.assign(list, { items: null, key: '' }),
  draw(root) {
    if (!$('.lrows', root)) root.innerHTML = '<h1 class="vh"></h1><section class="panel list clist"><div class="lhead"></div><div class="lrows"></div></section>';
    $('h1', root).textContent = t('nav.list');
    const { scope } = centre.about ?? { scope: {} };
    const csv = list.filter ? list.query() : new URLSearchParams();
    csv.set('lang', settings.lang);
    put($('.lhead', root), html`<p class="hint">${t('c.own', [scope.area, scope.grid, scope.department && centre.department(scope.department)].filter(Boolean).join(' / '))}</p>
      <div class="seg" role="group" aria-label="${t('c.stage')}">${Object.keys(filters).map(name => html`<button class="btn" data-f="${name}" data-k="f-${name}" aria-pressed="${name === chosen()}">${t('c.f.' + name)}</button>`)}</div>
      <div class="row"><input class="input grow" type="search" data-k="q" maxlength="100" placeholder="${t('c.search')}" aria-label="${t('c.search')}" value="${centre.query.get('q') ?? ''}">${centre.may('dispatcher') ? html`<a class="btn quiet" href="/api/v1/cases.csv?${csv}" download data-k="csv">${icon('save')}${t('c.export')}</a>` : ''}</div>`);
    const part = $('.lrows', root);
    const isNew = put(part, list.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', list.error)} <button class="btn" data-again data-k="again">${t('retry')}</button></span></p>`
      : list.items ? html`${rows(list.items, t('c.none'))}${list.next ? html`<p class="pad"><button class="btn" data-more data-k="more">${t('more')}</button></p>` : ''}`
        : html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`);
    if (isNew) fill(part);
    root.onclick = event => {
      const name = event.target.closest('[data-f]')?.dataset.f;
      if (name) centre.go(centre.address({ f: name === first() ? '' : name }));
      if (event.target.closest('[data-more]')) list.more();
      if (event.target.closest('[data-again]')) list.load();
    };
    root.oninput = event => {
      if (!event.target.matches('[type=search]')) return;
      clearTimeout(typing);
      typing = setTimeout(() => centre.go(centre.address({ q: event.target.value.trim() }), { replaces: true }), 200);
    };
  },
};
