// One case: what it is, its pictures, its history, and the steps that this account may take. Printed, it is the case file.
import { $, flag, html, icon, put, say } from './ui.js';
import { clock, date, isText, t } from './i18n.js';
import { call, get } from './api.js';
import { openDialog } from './dialog.js';
import { fill, frame } from './picture.js';
import { due, placeOf, stageChip } from './list.js';
import { centre } from './centre.js';

const state = { id: '', file: null, error: null, isGone: false, fault: '', busy: '', confirmed: false, turn: 0 };
const life = ['found', 'accepted', 'dispatched', 'handled', 'checked', 'closed'];
const negatives = ['false_positive', 'duplicate', 'wrong_kind', 'out_of_scope', 'insufficient_evidence'];
const known = (key, value) => (isText(key) ? t(key) : value);
const path = (rest = '') => `/cases/${encodeURIComponent(state.file?.item.id ?? state.id)}${rest}`;

async function load() {
  const turn = ++state.turn;
  try {
    const file = await get(path());
    if (turn !== state.turn) return;
    Object.assign(state, { file, error: null, isGone: false });
  } catch (error) {
    if (turn !== state.turn) return;
    if (error.status === 404) Object.assign(state, { isGone: true, file: null }); else state.error = error.message;
  }
  centre.redraw();
}

/* ---------- steps ---------- */

/** Names a step: the same again, after a lost answer, changes nothing. */
function name() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')}`;
}

// A step that got no answer keeps its name.
const unanswered = new Map();

async function take(action, body = {}) {
  if (state.busy) return false;
  const key = `${state.file.item.id} ${action} ${JSON.stringify(body)}`;
  const request = unanswered.get(key) ?? name();
  unanswered.set(key, request);
  Object.assign(state, { busy: action, fault: '' });
  centre.redraw();
  try {
    state.file = await call('POST', path(`/${action}`), { request_id: request, ...body });
    unanswered.delete(key);
    if (action === 'split' || action === 'reopen') centre.go(`/?case=${encodeURIComponent(state.file.item.number)}`);
    say(t('cs.done', t('act.' + action)));
    return true;
  } catch (error) {
    if (error.status) unanswered.delete(key);
    state.fault = [error.message, error.answer?.stage ? t('cs.stage', t('s.' + error.answer.stage)) : ''].join(' ').trim();
    if (error.status === 409) load();
    return false;
  } finally {
    state.busy = '';
    centre.redraw();
  }
}

const noteField = isNeeded => html`<label class="field"><span>${t('cs.note')}</span><textarea class="input" name="note" data-k="note" rows="3" maxlength="500" ${flag('required', isNeeded)}></textarea></label>`;
const asked = {
  decline: () => html`<fieldset class="choices"><legend>${t('cs.why')}</legend>${negatives.map((verdict, index) => html`<label class="check"><input type="radio" name="verdict" value="${verdict}" data-k="v-${verdict}" ${flag('checked', !index)}><span>${t('review.' + verdict)}</span></label>`)}</fieldset>${noteField(false)}`,
  dispatch: () => html`<label class="field"><span>${t('cs.to')}</span><select class="input" name="department" data-k="department">${[...new Set([state.file.item.department, ...centre.about.departments.filter(one => one.routed).map(one => one.id)])].map(id => html`<option value="${id}" ${flag('selected', id === state.file.item.department)}>${centre.department(id)}</option>`)}</select></label>${noteField(false)}`,
  handled: () => noteField(false),
  rework: () => noteField(true),
  note: () => noteField(true),
  merge: () => html`<label class="field"><span>${t('cs.with')}</span><input class="input mono" name="with" data-k="with" required maxlength="64" autocomplete="off" value="${state.file.suggestions[0]?.number ?? ''}"></label>`,
  split: () => html`<label class="field"><span>${t('cs.incident')}</span><select class="input" name="incident" data-k="incident">${state.file.incidents.map(one => html`<option value="${one.id}">${one.camera} · ${date(one.first_seen)}</option>`)}</select></label>`,
};

function ask(action) {
  openDialog({
    title: () => `${t('act.' + action)} · ${state.file.item.number}`,
    draw: () => html`<form class="stack" method="post" novalidate>${asked[action]()}<p class="error" role="alert" data-part="fault"></p><p><button class="btn primary" data-k="do">${t('act.' + action)}</button></p></form>`,
    async onsubmit(form, dialog) {
      const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
      if (await take(action, body)) dialog.close(); else $('[data-part=fault]', form).textContent = state.fault;
    },
  });
}

function act(action) {
  if (asked[action]) return ask(action);
  return take(action, action === 'accept' && state.confirmed ? { confirmed: true } : {});
}

/* ---------- drawing ---------- */

function steps(file) {
  const { item } = file;
  const reached = {};
  for (const event of file.history) if (event.before !== event.after) reached[event.after] = event.at;
  const stages = life.includes(item.stage) ? life : ['found', ...life.slice(1, 3).filter(stage => reached[stage]), item.stage];
  const at = stages.indexOf(item.stage);
  return html`<ol class="life">${stages.map((stage, index) => html`<li class="${index < at ? 'done' : ''}" ${flag('aria-current="step"', index === at)}><span class="pt">${index < at ? icon('ok') : ''}</span><b>${t('s.' + stage)}</b><small class="num">${index <= at && reached[stage] ? date(reached[stage]).slice(5) : ''}</small></li>`)}</ol>`;
}

function actions(file) {
  const [own, more] = [file.actions.filter(action => !['merge', 'split', 'note'].includes(action)), file.actions.filter(action => ['merge', 'split', 'note'].includes(action) && (action !== 'split' || file.incidents.length > 1))];
  if (!file.actions.length) return '';
  const button = (action, index) => html`<button class="btn ${index === 0 ? 'primary' : ''}" data-do="${action}" data-k="do-${action}" ${flag('disabled', !!state.busy)}>${t('act.' + action)}</button>`;
  return html`<section data-of="${file.item.id}" class="panel pad acts noprint">${own.includes('accept') ? html`<label class="check"><input type="checkbox" data-confirmed data-k="confirmed" ${flag('checked', state.confirmed)}><span>${t('cs.confirmed')}</span></label>` : ''}
    <div class="row">${own.map(button)}${more.map(action => button(action, 1))}</div>${state.fault ? html`<p class="error" role="alert">${state.fault}</p>` : ''}</section>`;
}

function pictures(file) {
  const all = file.incidents.flatMap(incident => incident.pictures.map(picture => ({ ...picture, incident })));
  if (!all.length) return html`<p class="muted">${t('cs.nopictures')}</p>`;
  return html`<div class="shots n3">${all.map(({ sha256, role, taken, came, incident }) => html`<figure class="shot"><div class="shotin">${came ? frame(sha256, `${known('role.' + role, role)}, ${incident.camera}`) : html`<span class="pic none">${icon('none')}<span class="why">${t('cs.notsent')}</span></span>`}</div>
    <figcaption><span>${incident.site} · ${incident.camera} · ${role}</span> <span class="num">${date(taken)}:${clock(taken).slice(6)}</span><span class="mono hash">${sha256}</span></figcaption></figure>`)}</div><p class="hint">${t('cs.masked')}</p>`;
}

function facts({ item }) {
  const line = (key, value) => (value ? html`<dt>${t(key)}</dt><dd>${value}</dd>` : '');
  return html`<dl class="facts">${line('cs.number', html`<span class="mono">${item.number}</span>`)}${line('cs.place', item.place)}${line('cs.camera', item.camera)}
    ${line('cs.area', html`<span class="mono">${item.area} / ${item.grid} / ${item.microgrid}</span>`)}${line('cs.dept', centre.department(item.department))}
    ${line('cs.found', date(item.found_at))}${line('cs.limit', item.due_at ? date(item.due_at) : '')}${line('cs.end', item.closed_at ? date(item.closed_at) : '')}
    ${line('cs.result', item.result ? known('cs.' + item.result, known('review.' + item.result, item.result)) : '')}${line('cs.reworks', item.reworks)}
    ${line('cs.follows', item.follows ? html`<a href="/?case=${encodeURIComponent(item.follows)}">${item.follows}</a>` : '')}</dl>`;
}

const incidents = file => html`<div class="scroll" tabindex="0" role="region" aria-label="${t('cs.incidents')}"><table class="cards"><tbody>${file.incidents.map(one => html`<tr><th scope="row">${one.site} / ${one.camera} / ${one.zone}</th><td>${t('cs.state.' + one.state)}${one.closed_at ? html` · ${t('cs.gone.at', date(one.closed_at))}` : ''}</td><td>${known('review.' + one.review, one.review)}</td><td class="num">${date(one.first_seen)}</td><td class="mono hash">${one.id}</td></tr>`)}</tbody></table></div>`;

const history = file => html`<ol class="history">${file.history.map(event => html`<li><span class="num">${date(event.at)}:${clock(event.at).slice(6)}</span> <b>${known('act.' + event.action, event.action)}</b> ${event.before !== event.after ? html`<span class="muted">→ ${t('s.' + event.after)}</span>` : ''}
  <span>${event.actor} <span class="muted">(${known('cs.role.' + event.role, event.role)})</span></span>${event.note ? html`<span class="said">${event.note}</span>` : ''}</li>`)}</ol>`;

const deliveries = file => html`<ul class="history">${file.deliveries.map(one => html`<li>${icon(one.done ? 'ok' : one.dead ? 'bad' : 'again', `dot ${one.done ? 'ok' : one.dead ? 'bad' : 'warn'}`)} <b>${one.route}</b> <span class="num">${one.done ? date(one.done) : t(one.dead ? 'dl.dead' : 'dl.waiting')}</span>${one.error ? html`<span class="said">${one.error}</span>` : ''}</li>`)}</ul>`;

function view(file) {
  const { item } = file;
  return html`<p class="noprint"><a class="btn quiet backlink" href="/list" data-k="back">${icon('back')}${t('back')}</a></p>
    <header class="chead"><div><p class="printonly">${t('product')} · ${t('cs.file')} · ${centre.about?.id ?? ''} · ${t('cs.printed', centre.stamp().slice(0, 10), centre.who?.user ?? '')}</p>
      <h1>${icon('sev' + item.severity, `sevdot sev${item.severity}`)}<span class="vh">${t('sev.' + item.severity)} </span>${centre.kind(item.kind)}</h1><p class="where">${placeOf(item)} · <span class="mono">${item.number}</span></p></div>
      <div class="row">${stageChip(item)}${due(item)}${item.recurring ? html`<span class="chip warn">${t('c.recurring')}</span>` : ''}<button class="btn noprint" data-act="print" data-k="print">${t('cs.print')}</button></div></header>
    ${steps(file)}${actions(file)}
    ${file.suggestions.length && file.actions.includes('merge') ? file.suggestions.map(one => html`<p class="note noprint"><span>${t('cs.maybe', one.number, one.metres)} <button class="btn" data-merge="${one.number}" data-k="merge-${one.number}">${t('act.merge')}</button></span></p>`) : ''}
    <div class="ccols"><div class="stack"><section class="panel pad"><h2>${t('cs.pictures')}</h2>${pictures(file)}</section>
      <section class="panel pad"><h2>${t('cs.incidents')}</h2>${incidents(file)}</section></div>
      <div class="stack"><section class="panel pad"><h2>${t('cs.facts')}</h2>${facts(file)}</section><section class="panel pad"><h2>${t('cs.history')}</h2>${history(file)}</section>
      ${file.deliveries.length ? html`<section class="panel pad"><h2>${t('cs.deliveries')}</h2>${deliveries(file)}</section>` : ''}</div></div>`;
}

export const page = {
  title: () => (state.file ? `${centre.kind(state.file.item.kind)} ${state.file.item.number}` : t('cs.title')),
  read() {
    const id = centre.query.get('case') ?? '';
    if (id !== state.id) Object.assign(state, { id, file: state.file?.item.number === id ? state.file : null, error: null, isGone: false, fault: '', confirmed: false });
    load();
  },
  changed: item => { if (item.id === state.file?.item.id) load(); },
  refresh: () => load(),
  beat: () => load(),
  forget: () => Object.assign(state, { id: '', file: null }),
  draw(root) {
    const isNew = put(root, state.isGone ? html`<h1 class="vh">${t('cs.title')}</h1><p class="note">${icon('none')}<span>${t('cs.gone')} <a href="/list">${t('back')}</a></span></p>`
      : state.file ? view(state.file)
        : state.error ? html`<h1 class="vh">${t('cs.title')}</h1><p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>`
          : html`<h1 class="vh">${t('cs.title')}</h1><div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`);
    if (isNew) fill(root);
    root.onchange = event => { if (event.target.matches('[data-confirmed]')) state.confirmed = event.target.checked; };
    root.onclick = event => {
      const action = event.target.closest('[data-do]')?.dataset.do;
      if (action) act(action);
      const other = event.target.closest('[data-merge]')?.dataset.merge;
      if (other) take('merge', { with: other });
    };
  },
};
