// What the zone would have reported in the last hour. The daemon's own rules say it; this asks them and draws the answer.
import { html, icon } from './ui.js';
import { isText, span, t } from './i18n.js';
import { call } from './api.js';

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
