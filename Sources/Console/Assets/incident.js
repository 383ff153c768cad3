// One incident: evidence, the stay, why, verdicts. A pane on a wide screen, a page on a phone.
import { $, $$, flag, html, icon, put } from './ui.js';
import { clock, moment, pick, span, t } from './i18n.js';
import { picture } from './api.js';
import { dwell, stayBar } from './charts.js';
import { judge, waitingVerdict } from './verdicts.js';

const chips = { pending: 'warn', confirmed: 'info', handled: 'ok' };
const verdicts = [['confirmed', 'ok', 'C'], ['handled', 'handled', 'H'], ['false_positive', 'bad', 'F']];
const others = ['duplicate', 'wrong_kind', 'out_of_scope', 'insufficient_evidence'];

export const review = item => waitingVerdict(item.id) ?? item.review;
export const reviewChip = item => html`<span class="chip ${chips[review(item)] ?? ''}">${t('review.' + review(item))}</span>`;
export const severity = item =>
  html`<span class="sev sev${item.severity}">${icon('sev' + item.severity)}<span>${t('sev.' + item.severity)}</span></span>`;
export const closeUp = item => item.evidence.find(e => e.role === 'close-up') ?? item.evidence[0];

export function stateText(item) {
  if (item.state === 'closed') return `${t('state.closed')} · ${t('reason.' + (item.reason ?? 'cleared'))}`;
  return item.state === 'withdrawn' ? t('state.withdrawn') : t('inc.notend');
}

/** A place for a picture, which `fill` then shows. */
export const frame = (sha256, alt, cls = '') => html`<span class="pic ${cls}" data-sha="${sha256}" data-alt="${alt}"></span>`;

const loaded = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) { loaded.unobserve(entry.target); show(entry.target); }
}, { rootMargin: '200px' });

async function show(element) {
  try {
    const url = await picture(element.dataset.sha);
    if (!url) { element.classList.add('none'); element.title = t('ev.gone'); put(element, icon('none')); return; }
    const image = new Image();
    image.decoding = 'async';
    image.alt = element.dataset.alt;
    image.src = url;
    element.replaceChildren(image);
  } catch { element.classList.add('none'); put(element, icon('none')); }
}

/** Loads the pictures of an element as they come into view. */
export const fill = root => { for (const e of $$('[data-sha]', root)) if (!e.firstChild) loaded.observe(e); };

function shot(item, evidence, isMarked) {
  const [x, y, width, height] = item.object.box;
  const label = t('ev.' + evidence.role);
  const mark = html`<svg class="mark" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true"><rect
    x="${x * 1000}" y="${y * 1000}" width="${width * 1000}" height="${height * 1000}"/></svg>`;
  return html`<figure class="shot"><div class="shotin">${frame(evidence.sha256, `${label}, ${pick(item.name)}, ${item.camera.name}, ${clock(evidence.taken)}`)}${isMarked ? mark : ''}</div>
    <figcaption><b>${label}</b> <span class="num">${clock(evidence.taken)}</span></figcaption></figure>`;
}

function evidence(item, now) {
  if (!item.evidence.length) {
    const isSoon = now - moment(item.observed.confirmed) < 30;
    return html`<p class="note ${isSoon ? '' : 'warn'}">${icon('none')}<span>${t(isSoon ? 'ev.soon' : 'ev.none')}</span></p>`;
  }
  const panoramas = item.evidence.filter(e => e.role.startsWith('panorama'));
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
  const close = item.evidence.find(e => e.role === 'close-up');
  const heading = isPage ? html`<h1 id="ih">${pick(item.name)}</h1>` : html`<h2 id="ih" class="ititle">${pick(item.name)}</h2>`;
  return html`<article class="incident" aria-labelledby="ih">
    <header class="ihead">${isPage ? html`<a class="btn quiet backlink" href="/" data-k="back" aria-label="${t('back')}">${icon('back')}</a>` : ''}
      <div class="grow">${heading}<p class="where">${item.camera.name}${item.zone.name ? html` <span class="muted">· ${item.zone.name}</span>` : ''}</p></div>
      <div class="row">${severity(item)} ${reviewChip(item)}</div></header>
    <div class="icols"><div class="stack">${evidence(item, now)}
      <section><h2 class="sub">${t('tl.title')} · <b>${t('inc.stay', span(dwell(item, now)), span(item.observed.threshold_seconds))}</b></h2>
        ${stayBar(item, stateText(item), now)}</section>
      <div class="closewhy ${close ? '' : 'alone'}">${close ? shot(item, close, false) : ''}
        <section><h2 class="sub">${t('why.title')}</h2><ol class="why">${item.why.map(w => html`<li><span class="num muted">${clock(w.at)}</span><span lang="en">${w.what}</span></li>`)}</ol></section></div>
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
  const note = $('[data-k="vnote"]')?.value.trim();
  judge(item.id, verdict, note);
  return true;
}
