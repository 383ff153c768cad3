// Charts as inline SVG: colours by class, the numbers in the label for those who do not see them.
import { html } from './ui.js';
import { clock, moment, span, t } from './i18n.js';

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
