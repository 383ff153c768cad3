// Accounts: who may come in, with which role and area. Codes and tokens are shown once.
import { $, flag, html, icon, manageNav, put } from './ui.js';
import { date, t } from './i18n.js';
import { call, get } from './api.js';
import { copyByClick, openDialog, secret } from './dialog.js';
import { sessionRow, sessionTable } from './account.js';

const state = { items: null, error: null, who: null, changed: () => {} };

async function load() {
  try { Object.assign(state, { items: (await get('/users')).items, error: null }); } catch (error) { state.error = error.message; }
  state.changed();
}

const path = (user, rest = '') => `/users/${encodeURIComponent(user)}${rest}`;

/** Role and limits; a centre limits accounts to a grid and a department as well. */
const rights = (role, { area, grid, department } = {}) => html`<fieldset class="choices"><legend>${t('us.role')}</legend>${state.who.roles.map(r => html`<label class="check"><input type="radio" name="role" value="${r}" data-k="role-${r}" ${flag('checked', r === role)}><span><b>${t('role.' + r)}</b> <span class="muted">${t('us.may.' + r)}</span></span></label>`)}</fieldset>
  <label class="field"><span>${t('us.area')}</span><input class="input mono" name="area" data-k="area" inputmode="numeric" maxlength="12" autocomplete="off" value="${area ?? ''}" aria-describedby="ah"></label><p class="hint" id="ah">${t('us.area.hint')}</p>
  ${state.who.narrow ? html`<label class="field"><span>${t('us.grid')}</span><input class="input mono" name="grid" data-k="grid" maxlength="64" autocomplete="off" value="${grid ?? ''}"></label>
  <label class="field"><span>${t('us.department')}</span><input class="input mono" name="department" data-k="department" maxlength="64" autocomplete="off" value="${department ?? ''}" aria-describedby="dh"></label><p class="hint" id="dh">${t('us.narrow.hint')}</p>` : ''}`;
const values = form => ({
  role: form.elements.role.value,
  ...Object.fromEntries(['area', 'grid', 'department'].map(name => [name, form.elements[name]?.value.trim()]).filter(([, value]) => value)),
});
const faultLine = fault => html`<p class="error" role="alert">${fault}</p>`;

/** Does something, and says in the dialog why it could not be done. */
async function attempt(dialog, view, body) {
  view.fault = '';
  try { await body(); } catch (error) { view.fault = error.message; }
  dialog.update();
  await load();
  dialog.update();
}

function add() {
  const view = { fault: '', code: null, name: '' };
  openDialog({
    title: () => (view.code ? view.name : t('us.add')),
    draw: () => (view.code ? html`${secret(t('us.code'), view.code.code, t('us.code.hint', date(view.code.expires)))}<p><button class="btn primary" type="button" data-close data-k="done">${t('close')}</button></p>`
      : html`<form class="stack" method="post" novalidate><label class="field"><span>${t('us.name')}</span><input class="input" name="name" data-k="name" required maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false"></label>
        ${rights(state.who.roles[1])}<div data-part="fault"></div><p><button class="btn primary" data-k="make">${t('us.add')}</button></p></form>`),
    onclick: copyByClick,
    async onsubmit(form, dialog) {
      view.name = form.elements.name.value.trim();
      try {
        view.code = await call('POST', '/users', { name: view.name, ...values(form) });
        dialog.update();
        await load();
      } catch (error) { put($('[data-part=fault]', form), faultLine(error.message)); }
    },
  });
}

function edit(name) {
  const view = { fault: '', issued: null, isRemoving: false };
  const user = () => state.items?.find(item => item.name === name);
  openDialog({
    title: () => name,
    draw() {
      const item = user();
      if (!item) return html`<p>${t('us.gone')}</p>`;
      return html`${view.fault ? faultLine(view.fault) : ''}${view.issued ?? ''}
        <form class="stack" method="post" novalidate>${rights(item.role, item)}<p class="row"><button class="btn primary" data-k="save">${t('us.save')}</button><span class="hint">${t('us.save.hint')}</span></p></form>
        <section class="stack"><h3>${t('us.password')}</h3><p class="row"><button class="btn" type="button" data-do="reset" data-k="reset">${t('us.reset')}</button><span class="hint">${t('us.reset.hint')}</span></p></section>
        <section class="stack"><h3>${t('ss.title')}</h3>${item.sessions.length ? sessionTable(item.sessions.map(s => sessionRow(s)), t('ss.title')) : html`<p class="muted">${t('ss.none')}</p>`}
          <p class="row"><label class="row"><span>${t('us.days')}</span><input class="input short num" type="number" min="1" max="3650" value="365" data-days data-k="days"></label><button class="btn" type="button" data-do="token" data-k="token">${t('us.token')}</button></p></section>
        <section class="stack"><h3>${t('us.remove')}</h3>${view.isRemoving ? html`<p class="row"><b>${t('us.remove.ask', name)}</b><button class="btn bad" type="button" data-do="really" data-k="really">${t('us.remove.yes')}</button><button class="btn" type="button" data-do="keep" data-k="keep">${t('cancel')}</button></p>`
          : html`<p><button class="btn" type="button" data-do="remove" data-k="remove">${t('us.remove')}</button></p>`}</section>`;
    },
    onclick(event, dialog) {
      copyByClick(event);
      const ended = event.target.closest('[data-end]')?.dataset.end;
      if (ended) return attempt(dialog, view, () => call('DELETE', path(name, `/sessions/${ended}`)));
      switch (event.target.closest('[data-do]')?.dataset.do) {
        case 'reset': return attempt(dialog, view, async () => {
          const answer = await call('POST', path(name, '/reset'), {});
          view.issued = secret(t('us.code'), answer.code, t('us.code.hint', date(answer.expires)));
        });
        case 'token': return attempt(dialog, view, async () => {
          const answer = await call('POST', path(name, '/tokens'), { days: Number($('[data-days]', dialog.element).value) });
          view.issued = secret(t('us.token.one'), answer.token, t('us.token.hint', date(answer.expires)));
        });
        case 'remove': case 'keep':
          view.isRemoving = !view.isRemoving;
          dialog.update();
          return $(view.isRemoving ? '[data-do=keep]' : '[data-do=remove]', dialog.element).focus();
        case 'really': return attempt(dialog, view, async () => {
          await call('DELETE', path(name));
          dialog.close();
        });
        default: return undefined;
      }
    },
    onsubmit: (form, dialog) => attempt(dialog, view, () => call('PUT', path(name), values(form))),
  });
}

const row = item => {
  const [sessions, tokens] = ['session', 'token'].map(kind => item.sessions.filter(s => s.kind === kind).length);
  const seen = item.sessions.map(s => s.seen).sort().at(-1);
  return html`<tr data-of="${item.name}"><th scope="row">${item.name}${item.has_password ? '' : html` <span class="chip warn">${t('us.nopass')}</span>`}</th>
    <td data-label="${t('us.role')}">${t('role.' + item.role)}</td><td class="mono" data-label="${t('us.area')}">${[item.area, item.grid, item.department].filter(Boolean).join(' / ') || t('us.everywhere')}</td>
    <td class="num" data-label="${t('us.open')}">${t('us.counts', sessions, tokens)}</td><td class="num" data-label="${t('ss.seen')}">${seen ? date(seen) : '–'}</td>
    <td class="n"><button class="btn" data-edit="${item.name}" data-k="e-${item.name}" aria-label="${t('us.edit')}: ${item.name}">${t('us.edit')}</button></td></tr>`;
};

export const page = {
  forget() { Object.assign(state, { items: null, error: null, who: null }); },
  enter({ who, changed }) {
    Object.assign(state, { who, changed });
    load();
  },
  draw(root) {
    put(root, html`<div class="phead stack">${manageNav('users')}<div class="row between"><h1>${t('nav.users')}</h1>${state.items ? html`<button class="btn primary" data-add data-k="add">${t('us.add')}</button>` : ''}</div></div>
      ${state.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)} <button class="btn" data-again data-k="again">${t('retry')}</button></span></p>` : ''}
      ${state.items ? html`<section class="panel scroll" tabindex="0" aria-label="${t('nav.users')}"><table class="cards"><thead><tr><th scope="col">${t('us.name')}</th><th scope="col">${t('us.role')}</th><th scope="col">${t('us.area')}</th>
          <th scope="col">${t('us.open')}</th><th scope="col">${t('ss.seen')}</th><th scope="col"><span class="vh">${t('us.edit')}</span></th></tr></thead><tbody>${state.items.map(row)}</tbody></table></section>`
        : state.error ? '' : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`}`);
    root.onclick = event => {
      const name = event.target.closest('[data-edit]')?.dataset.edit;
      if (name) edit(name);
      if (event.target.closest('[data-add]')) add();
      if (event.target.closest('[data-again]')) load();
    };
  },
};
