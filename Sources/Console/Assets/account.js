// Who I am: password, where I am signed in, and how this page behaves.
import { $, flag, html, icon, put } from './ui.js';
import { apply, date, settings, t } from './i18n.js';
import { call, get } from './api.js';

const state = { items: null, error: null, fault: '', done: '', who: null, changed: () => {} };

async function load() {
  try { Object.assign(state, { items: (await get('/me/sessions')).items, error: null }); } catch (error) { state.error = error.message; }
  state.changed();
}

/** A session or token as a row; the last cell ends it. */
export const sessionRow = (s, end) => html`<tr data-of="${s.id}"><th scope="row">${t('ss.' + s.kind)}${s.current ? html` <span class="chip ok">${t('ss.this')}</span>` : ''}</th>
  <td class="mono" data-label="${t('ss.from')}">${s.address || t('ss.box')}</td><td class="num" data-label="${t('ss.seen')}">${date(s.seen)}</td>
  <td class="num" data-label="${t('ss.until')}">${date(s.expires)}</td>
  <td class="n">${s.current ? '' : html`<button class="btn" type="button" data-end="${s.id}" data-k="end-${s.id}" aria-label="${t('ss.end')}: ${t('ss.' + s.kind)} ${date(s.created)}">${t('ss.end')}</button>`}</td></tr>`;
export const sessionTable = (rows, label) => html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="cards"><thead><tr><th scope="col">${t('ss.kind')}</th><th scope="col">${t('ss.from')}</th>
  <th scope="col">${t('ss.seen')}</th><th scope="col">${t('ss.until')}</th><th scope="col"><span class="vh">${t('ss.end')}</span></th></tr></thead><tbody>${rows}</tbody></table></div>`;

function passwordForm() {
  const field = (name, label, complete) => html`<label class="field"><span>${label}</span><input class="input" type="password" name="${name}" data-k="${name}" required maxlength="256" autocomplete="${complete}"></label>`;
  return html`<header><h2>${t('ac.password')}</h2></header><form class="pad stack" method="post" novalidate>
    <input type="text" name="user" value="${state.who.user}" autocomplete="username" hidden>
    ${field('old', t('ac.old'), 'current-password')}${field('new', t('in.pass2'), 'new-password')}
    <p class="error" role="alert" data-part="fault"></p><p class="ok" role="status" data-part="done"></p>
    <p class="row"><button class="btn primary" data-k="change">${t('ac.change')}</button><span class="hint">${t('ac.ends')}</span></p></form>`;
}

function sessions() {
  const others = (state.items ?? []).filter(s => s.kind === 'session' && !s.current);
  return html`<header class="row between"><h2>${t('ss.title')}</h2>${others.length ? html`<button class="btn" data-act-others data-k="others">${t('ss.others')}</button>` : ''}</header>
    ${state.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)}</span></p>` : ''}
    ${state.items ? sessionTable(state.items.map(s => sessionRow(s)), t('ss.title')) : state.error ? '' : html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div></div>`}`;
}

async function change(form) {
  const [button, fault] = [$('[data-k=change]', form), $('[data-part=fault]', form)];
  button.disabled = true;
  fault.textContent = $('[data-part=done]', form).textContent = '';
  try {
    await call('POST', '/me/password', { old: form.elements.old.value, new: form.elements.new.value });
    form.reset();
    for (const e of form.querySelectorAll('.input')) e.removeAttribute('aria-invalid');
    $('[data-part=done]', form).textContent = t('ac.changed');
    await load();
  } catch (error) {
    fault.textContent = [error.message, error.retryAfter ? t('in.wait', error.retryAfter) : ''].join(' ').trim();
    for (const e of form.querySelectorAll('.input')) e.setAttribute('aria-invalid', 'true');
  } finally { button.disabled = false; }
}

async function end(path) {
  try { await call('DELETE', path); } catch (error) { state.error = error.message; }
  await load();
}

export const page = {
  forget() { Object.assign(state, { items: null, error: null, fault: '', done: '', who: null }); },
  enter({ who, changed }) {
    Object.assign(state, { who, changed });
    load();
  },
  draw(root) {
    if (!$('[data-part=sessions]', root)) {
      root.innerHTML = '<div class="narrow stack"><div data-part="head"></div><section class="panel" data-part="password"></section><section class="panel" data-part="sessions"></section><section class="panel pad" data-part="page"></section></div>';
    }
    const { who } = state;
    put($('[data-part=head]', root), html`<div class="row between"><h1>${who.user}</h1><button class="btn" data-act="out" data-k="out2">${icon('out')}<span>${t('signout')}</span></button></div>
      <p class="muted">${t('role.' + who.role)}${who.area || who.department ? html` · ${t('ac.only', [who.area, who.grid, who.department].filter(Boolean).join(' / '))}` : ''}</p>`);
    const form = $('[data-part=password]', root);
    put(form, passwordForm());
    put($('[data-part=sessions]', root), sessions());
    put($('[data-part=page]', root), html`<label class="check"><input type="checkbox" data-letters data-k="letters" ${flag('checked', settings.letters !== false)}><span>${t('ac.letters')}</span></label>`);
    $('form', form).onsubmit = event => { event.preventDefault(); change(event.target); };
    root.onclick = event => {
      const id = event.target.closest('[data-end]')?.dataset.end;
      if (id) end(`/me/sessions/${id}`);
      if (event.target.closest('[data-act-others]')) end('/me/sessions');
      if (event.target.matches('[data-letters]')) { settings.letters = event.target.checked; apply(); }
    };
  },
};
