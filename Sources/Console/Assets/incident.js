// One incident: evidence, the stay, why, verdicts. A pane on a wide screen, a page on a phone.
import { $, flag, html, icon } from './ui.js';
import { clock, moment, pick, settings, span, t } from './i18n.js';
import { frame } from './picture.js';
import { judge, waitingVerdict } from './verdicts.js';

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
  return html`<figure class="shot"><div class="shotin">${frame(evidence.sha256, `${label}, ${pick(item.name)}, ${item.camera.name}, ${clock(evidence.taken)}`, { isCropped: !isMarked })}${isMarked ? mark : ''}</div>
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
  const note = $('[data-k="vnote"]')?.value.trim();
  judge(item.id, verdict, note);
  return true;
}
