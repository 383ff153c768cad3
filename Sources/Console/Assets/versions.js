// The versions of the configuration: who changed it and when, what, and the way back.
import { $, diff, flag, html, icon, put, say } from './ui.js';
import { t } from './i18n.js';
import { call, get } from './api.js';

const state = { page: null, error: null, notice: null, open: null, changes: null, shown: null };
let root = null;

/** The page. It reads when it is shown for the first time. */
export const versions = frame => ({
  read() {},
  draw: root => showVersions(root, frame),
  title: () => t('cfg.title'),
});

function showVersions(element, { who }) {
  const isNew = !element.contains(state.shown);
  root = element;
  if (isNew) {
    element.innerHTML = '<div data-part="versions"></div><dialog id="dlg" aria-labelledby="dh"></dialog>';
    state.shown = $('[data-part=versions]', element);
    element.firstElementChild.addEventListener('click', click);
    $('#dlg', element).addEventListener('click', click);
    Object.assign(state, { page: null, error: null, notice: null, open: null });
    if (who.role === 'admin') read();
  }
  state.role = who.role;
  draw();
}

async function read() {
  try { Object.assign(state, { page: await get('/config/versions'), error: null }); } catch (error) { state.error = error.message; }
  draw();
}

const author = row => row.by ?? t('cfg.byhand');

function row(item) {
  const isOpen = state.open === item.number;
  return html`<tr data-of="${item.number}"><th scope="row" class="num">${item.number}</th><td class="num" data-label="${t('cfg.at')}">${item.at.slice(0, 10)} ${item.at.slice(11, 19)}</td><td data-label="${t('cfg.by')}">${author(item)}${item.back_to ? html` <span class="muted">${t('cfg.backto', item.back_to)}</span>` : ''}</td>
    <td><div class="row"><button class="btn quiet" data-open="${item.number}" data-k="o${item.number}" aria-expanded="${String(isOpen)}">${t('cfg.changes')}</button><button class="btn quiet" data-restore="${item.number}" data-k="r${item.number}">${t('cfg.restore')}</button></div></td></tr>
    ${isOpen ? html`<tr><td colspan="4">${state.changes == null ? html`<p class="muted">${t('load')}</p>` : state.changes ? html`<div class="diff" tabindex="0" role="region" aria-label="${t('cfg.changes')}">${diff(state.changes)}</div>` : html`<p class="muted">${t('cfg.oldest')}</p>`}</td></tr>` : ''}`;
}

function draw() {
  if (!state.shown?.isConnected) return;
  const { page } = state;
  put(state.shown, html`<div class="phead row between"><h1>${t('cfg.title')}</h1>${page?.undo ? html`<button class="btn" data-restore="${page.undo}" data-k="undo" ${flag('disabled', !page.writable)}>${icon('undo')}${t('cfg.undo')}</button>` : ''}</div>
    ${state.role !== 'admin' ? html`<p class="note">${icon('none')}<span>${t('cfg.noright')}</span></p>` : ''}
    ${state.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)}</span></p>` : ''}
    ${state.notice ? html`<p class="note ${state.notice.kind}" role="status">${icon(state.notice.kind)}<span>${state.notice.text}</span></p>` : ''}
    ${page?.by_hand ? html`<p class="note warn">${icon('warn')}<span>${t('cfg.changed')}</span></p>` : ''}
    ${page && !page.writable ? html`<p class="note warn">${icon('warn')}<span>${t('z.notwritable')}</span></p>` : ''}
    ${page && !page.items.length ? html`<p class="empty muted">${t('cfg.none')}</p>` : ''}
    ${page?.items.length ? html`<section class="panel scroll" tabindex="0" role="region" aria-label="${t('cfg.title')}"><table class="cards"><thead><tr><th scope="col">#</th><th scope="col">${t('cfg.at')}</th><th scope="col">${t('cfg.by')}</th><th scope="col"><span class="vh">${t('cfg.changes')}</span></th></tr></thead><tbody>${page.items.map(row)}</tbody></table></section>` : ''}
    ${!page && !state.error && state.role === 'admin' ? html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div></div>` : ''}`);
}

async function click(event) {
  const at = name => event.target.closest(`[data-${name}]`)?.getAttribute(`data-${name}`);
  const [open, restore, confirm] = [at('open'), at('restore'), at('confirm')];
  if (at('close') != null) return $('#dlg', root).close();
  try {
    if (open) {
      Object.assign(state, { open: state.open === Number(open) ? null : Number(open), changes: null });
      draw();
      if (state.open) state.changes = (await get(`/config/versions/${state.open}`)).changes ?? '';
    }
    if (restore) {
      const { restores } = await get(`/config/versions/${restore}`);
      const dialog = $('#dlg', root);
      put(dialog, html`<header><h2 id="dh">${t('cfg.restorenumber', restore)}</h2></header><div class="pad stack">${restores ? html`<p>${t('z.diff')}</p><div class="diff" tabindex="0" role="region" aria-label="${t('cfg.changes')}">${diff(restores)}</div>` : html`<p>${t('cfg.same')}</p>`}
        <div class="row between"><button class="btn" data-close="1" data-k="close">${t('cancel')}</button>${restores ? html`<button class="btn primary" data-confirm="${restore}" data-k="confirm" autofocus>${t('z.save2')}</button>` : ''}</div></div>`);
      dialog.showModal();
    }
    if (confirm) await write(confirm);
  } catch (error) {
    if ($('#dlg', root).open) $('#dlg', root).close();
    state.notice = { kind: 'bad', text: error.message };
    if (error.status === 412) await read();
  }
  return draw();
}

async function write(number) {
  const answer = await call('POST', `/config/versions/${number}/restore`, {}, { headers: { 'If-Match': `"${state.page.version}"` } });
  $('#dlg', root).close();
  const outcome = answer.applied?.outcome ?? 'applied';
  const reason = answer.applied?.needs_restart?.join(', ') || answer.applied?.reason || '';
  state.notice = { kind: outcome === 'applied' ? 'ok' : 'warn', text: outcome === 'applied' ? t('cfg.restored') : t('z.applied.' + outcome, reason) };
  say(state.notice.text);
  state.open = null;
  await read();
}
