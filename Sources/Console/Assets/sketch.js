// The zones while they are drawn: each change is one step that can be undone; their geometry; and what they would have reported.
import { html, icon } from './ui.js';
import { isText, span, t } from './i18n.js';
import { call } from './api.js';

/* ---------- geometry: corners are [x, y], as shares of the picture from its left top ---------- */

export const area = p => Math.abs(p.reduce((sum, [x, y], i) => {
  const [u, v] = p[(i + 1) % p.length];
  return sum + x * v - u * y;
}, 0)) / 2;

const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
const cross = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;

/** Whether two of its sides cross. */
export function crosses(p) {
  for (let i = 0; i < p.length; i += 1) {
    for (let j = i + 2; j < p.length; j += 1) {
      if (i === 0 && j === p.length - 1) continue;
      if (cross(p[i], p[i + 1], p[j], p[(j + 1) % p.length])) return true;
    }
  }
  return false;
}

function holds(p, x, y) {
  let isInside = false;
  for (let i = 0, j = p.length - 1; i < p.length; j = i, i += 1) {
    if ((p[i][1] > y) !== (p[j][1] > y) && x < ((p[j][0] - p[i][0]) * (y - p[i][1])) / (p[j][1] - p[i][1]) + p[i][0]) isInside = !isInside;
  }
  return isInside;
}

/** The share of a that lies in b, roughly, by a grid of points. */
export function overlap(a, b) {
  let [both, one] = [0, 0];
  for (let i = 0; i < 60; i += 1) {
    for (let j = 0; j < 60; j += 1) {
      const [x, y] = [(i + 0.5) / 60, (j + 0.5) / 60];
      if (holds(a, x, y)) { one += 1; if (holds(b, x, y)) both += 1; }
    }
  }
  return one ? both / one : 0;
}

/** Three decimals, within the picture. */
export const round = v => Math.round(Math.min(1, Math.max(0, v)) * 1000) / 1000;

/* ---------- the zones ---------- */

const most = 100;
export const copy = value => JSON.parse(JSON.stringify(value));
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Sketch {
  /** @param zones as the file has them. */
  constructor(zones) {
    this.saved = copy(zones);
    this.zones = copy(zones);
    this.current = 0;
    this.selected = -1; // a corner of the current zone
    this.drawing = null; // {points, cursor, kind}: a zone that is begun
    this.past = [];
    this.future = [];
    this.nudged = 0;
  }

  get zone() { return this.zones[this.current]; }
  get polygon() { return this.zone?.polygon ?? []; }
  get isChanged() { return !same(this.zones, this.saved); }
  /** The zones that are drawn on one picture with the current one. */
  get together() { return this.zones.filter(zone => zone.preset === this.zone?.preset); }

  choose(index) { this.current = index; this.selected = -1; }

  /** Before each change. */
  step() {
    this.past.push(JSON.stringify([this.zones, this.current]));
    if (this.past.length > most) this.past.shift();
    this.future = [];
  }

  /** Forgets a step whose change was given up. */
  unstep() { this.restore(this.past.pop()); }

  restore(state) {
    [this.zones, this.current] = JSON.parse(state);
    this.selected = -1;
  }

  undo() {
    if (this.drawing) return this.drawing.points.pop();
    if (!this.past.length) return;
    this.future.push(JSON.stringify([this.zones, this.current]));
    this.restore(this.past.pop());
  }

  redo() {
    if (!this.future.length || this.drawing) return;
    this.past.push(JSON.stringify([this.zones, this.current]));
    this.restore(this.future.pop());
  }

  /** Changes one thing of the current zone. */
  change(body) {
    this.step();
    body(this.zone);
  }

  moveCorner(index, point) { this.polygon[index] = point.map(round); }

  /** Steps of the arrow keys that follow each other quickly are one. */
  nudge(index, dx, dy) {
    const now = Date.now();
    if (now - this.nudged > 700) this.step();
    this.nudged = now;
    const [x, y] = this.polygon[index];
    this.moveCorner(index, [x + dx, y + dy]);
  }

  /** After a corner, by default in the middle of its side. */
  addCorner(index, point) {
    const [a, b] = [this.polygon[index], this.polygon[(index + 1) % this.polygon.length]];
    this.polygon.splice(index + 1, 0, (point ?? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]).map(round));
    this.selected = index + 1;
  }

  /** False where there would be too few. */
  removeCorner(index) {
    if (this.polygon.length < 4) return false;
    this.step();
    this.polygon.splice(index, 1);
    this.selected = Math.min(index, this.polygon.length - 1);
    return true;
  }

  /** By shares of the picture, from where it was; it stays whole within the picture. */
  moveZone(base, dx, dy) {
    const within = (axis, by) => {
      const values = base.map(corner => corner[axis]);
      return Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), by));
    };
    const [x, y] = [within(0, dx), within(1, dy)];
    this.zone.polygon = base.map(corner => [round(corner[0] + x), round(corner[1] + y)]);
  }

  /** All zones by one offset: what leaves the picture stays at its rim. */
  shift(dx, dy) {
    this.step();
    for (const zone of this.zones) zone.polygon = zone.polygon.map(([x, y]) => [round(x + dx), round(y + dy)]);
  }

  begin(kind) { this.drawing = { points: [], cursor: null, kind }; this.selected = -1; }

  /** The zone that was drawn; nothing where it has too few corners. */
  finish(make) {
    if (!this.drawing || this.drawing.points.length < 3) return null;
    this.step();
    let number = this.zones.length + 1;
    while (this.zones.some(zone => zone.id === `zone-${number}`)) number += 1;
    const zone = make(number, this.drawing.kind, this.drawing.points.map(point => point.map(round)));
    this.zones.push(zone);
    this.drawing = null;
    this.choose(this.zones.length - 1);
    return zone;
  }

  remove() {
    this.step();
    this.zones.splice(this.current, 1);
    this.choose(Math.max(0, this.current - 1));
  }

  /** These are in the file now. */
  settle(zones) { this.saved = copy(zones); }

  /** Takes over what somebody else has made of the zones that are not changed here. */
  rebase(theirs) {
    const base = new Map(this.saved.map(zone => [zone.id, zone]));
    const mine = new Map(this.zones.map(zone => [zone.id, zone]));
    const isMine = id => !same(base.get(id) ?? null, mine.get(id) ?? null);
    const kept = theirs.filter(zone => !isMine(zone.id) || mine.has(zone.id)).map(zone => (isMine(zone.id) ? mine.get(zone.id) : copy(zone)));
    const added = this.zones.filter(zone => isMine(zone.id) && !theirs.some(other => other.id === zone.id));
    this.step();
    this.zones = [...kept, ...added];
    this.choose(Math.min(this.current, Math.max(0, this.zones.length - 1)));
    this.settle(theirs);
  }
}

/* ---------- what a zone would have reported in the last hour: the daemon's own rules say it; this asks them and draws the answer ---------- */

const pause = 150;

/** Asks after each change, one question at a time. */
export class Question {
  constructor(camera, answered) {
    Object.assign(this, { camera, answered, timer: null, isAsking: false, asked: '', waiting: null });
  }

  /** @param zones of which it is asked; the same ones are not asked again within a minute. */
  ask(zones) {
    const body = JSON.stringify({ zones });
    if (body === this.asked && Date.now() - this.at < 60_000) return;
    this.waiting = body;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), pause);
  }

  async send() {
    if (this.isAsking || !this.waiting) return;
    const body = this.waiting;
    Object.assign(this, { waiting: null, isAsking: true, asked: body, at: Date.now() });
    try {
      this.answered(await call('POST', `/cameras/${encodeURIComponent(this.camera)}/preview`, JSON.parse(body)), null);
    } catch (error) { this.answered(null, error); }
    this.isAsking = false;
    if (this.waiting) this.send();
  }
}

const height = 17;

function chart(stays, verdict, kinds, isNarrow) {
  const width = isNarrow ? 330 : 520;
  const x = ago => 8 + (width - 16) * (1 - Math.min(3600, Math.max(0, ago)) / 3600);
  const bottom = stays.length * height;
  const ticks = [60, 45, 30, 15, 0];
  return html`<svg class="pvchart" viewBox="0 0 ${width} ${bottom + 20}" role="img" aria-label="${t('z.pv.now', verdict.told.length)}">
    ${ticks.map(m => html`<line class="tick" x1="${x(m * 60)}" x2="${x(m * 60)}" y1="0" y2="${bottom}"/><text x="${x(m * 60)}" y="${bottom + 14}" text-anchor="${m === 60 ? 'start' : m ? 'middle' : 'end'}">${m ? `−${m}` : t('z.pv.axis')}</text>`)}
    ${stays.map((stay, i) => {
    const told = verdict.told.filter(other => other.stay === stay.id).sort((a, b) => b.ago - a.ago)[0];
    const isIn = verdict.inside.includes(stay.id);
    const [from, to] = [x(stay.from), x(stay.until ?? 0)];
    const late = told ? Math.max(from, x(told.ago)) : to;
    const name = isText('cls.' + stay.class) ? t('cls.' + stay.class) : stay.class;
    return html`<g class="${told ? 'rep' : ''} ${isIn ? 'in' : 'out'}"><rect x="${from}" y="${i * height + 3}" width="${Math.max(2, late - from)}" height="10" rx="2"/>${told ? html`<rect class="over" x="${late}" y="${i * height + 3}" width="${Math.max(2, to - late)}" height="10"/>` : ''}<title>${name} ${span(stay.from - (stay.until ?? 0))}</title></g>`;
  })}</svg>`;
}

/** @param kinds by their names: {name, …}. */
export function drawPreview(answer, error, zone, kinds, isNarrow) {
  if (!zone) return '';
  const head = html`<h2 id="pvh">${t('z.pv.title')}</h2>`;
  const frame = body => html`<section class="panel pad pv" aria-labelledby="pvh">${head}${body}</section>`;
  if (error) return frame(html`<p class="note warn">${icon('warn')}<span>${error.message}</span></p>`);
  if (!answer) return frame(html`<p class="muted">${t('load')}</p>`);
  const verdict = answer.zones[zone.id];
  if (!verdict) return frame(html`<p class="muted">${t('z.pv.faulty')}</p>`);
  const silences = answer.unsaid.filter(silence => silence.zone === zone.id);
  const words = silences.map(silence => html`<p class="hint">${t('pvwhy.' + silence.why, kinds(silence.kind))}</p>`);
  if (silences.length === Object.keys(zone.rules).length) return frame(words);
  const stays = answer.stays.filter(stay => (stay.preset ?? null) === (zone.preset ?? null)).sort((a, b) => b.from - a.from).slice(0, 40);
  const more = verdict.told.length - (answer.in_force[zone.id]?.told.length ?? 0);
  const compared = more > 0 ? t('z.pv.more', more) : more < 0 ? t('z.pv.less', -more) : t('z.pv.same');
  return frame(html`<p class="pvn" aria-live="polite"><b>${t('z.pv.now', verdict.told.length)}</b><span class="chip ${more ? 'warn' : 'ok'}">${compared}</span></p>
    ${answer.seconds < 3600 ? html`<p class="hint">${t('z.pv.since', span(answer.seconds))}</p>` : ''}${words}
    ${stays.length ? html`${chart(stays, verdict, kinds, isNarrow)}<p class="legend">${['rep', 'in', 'out'].map(name => html`<span><i class="lg ${name}"></i>${t('z.pv.' + name)}</span>`)}</p>` : html`<p class="muted">${t('z.pv.none')}</p>`}`);
}
