// Signing in, and the code that sets a password.
import { $, html, icon, put } from './ui.js';
import { t } from './i18n.js';
import { call } from './api.js';

function form(kind) {
  const isSetup = kind === 'setup';
  const user = html`<label class="field"><span>${t('in.user')}</span><input class="input" name="user" data-k="user" required
    maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false"></label>`;
  return html`<form class="sign stack" method="post" novalidate><p class="brand">${icon('brand')}<span>${t('product')}</span></p>
    <h1>${t(isSetup ? 'in.setup' : 'in.title')}</h1>
    ${isSetup ? html`<label class="field"><span>${t('in.token')}</span><input class="input mono" name="code" data-k="code" required
      maxlength="64" autocomplete="one-time-code" spellcheck="false" aria-describedby="sh"></label><p class="hint" id="sh">${t('in.token.hint')}</p>` : ''}
    ${user}
    <label class="field"><span>${t(isSetup ? 'in.pass2' : 'in.pass')}</span><input class="input" name="password" data-k="password"
      type="password" required maxlength="256" autocomplete="${isSetup ? 'new-password' : 'current-password'}"></label>
    <p class="error" role="alert" data-part="fault"></p>
    <button class="btn primary" data-k="go">${t(isSetup ? 'in.create' : 'in.title')}</button>
    <p class="hint"><a href="${isSetup ? '/signin' : '/setup'}">${t(isSetup ? 'in.title' : 'in.setup')}</a></p></form>`;
}

/** Draws the page and calls `entered` with who has signed in. */
export function signPage(root, kind, entered) {
  put(root, form(kind));
  const element = $('form', root);
  const fault = $('[data-part=fault]', root);
  const button = $('button', element);
  element.onsubmit = async event => {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(element));
    button.disabled = true;
    fault.textContent = '';
    try {
      entered(await call('POST', kind === 'setup' ? '/setup' : '/session', body));
    } catch (error) {
      fault.textContent = [error.message, error.retryAfter ? t('in.wait', error.retryAfter) : ''].join(' ').trim();
      for (const e of element.querySelectorAll('.input')) e.setAttribute('aria-invalid', 'true');
      const password = element.elements.password;
      password.focus();
      password.select();
    } finally { button.disabled = false; }
  };
  if (!root.contains(document.activeElement)) element.elements[0].focus({ preventScroll: true });
}
