// A dialog over the page: one at a time, ended by Escape, by its cross or by what it was opened for.
import { $, html, icon, put } from './ui.js';
import { t } from './i18n.js';

/**
 * Opens one. `draw` makes its body, and again with `update`; the parts of a form that somebody types into stay as they are.
 * @returns {{element: HTMLDialogElement, update: () => void, close: () => void}}
 */
export function openDialog({ title, draw, onclick, onsubmit }) {
  const opener = document.activeElement?.closest?.('[data-k]')?.dataset.k;
  const element = document.createElement('dialog');
  element.setAttribute('aria-labelledby', 'dt');
  element.innerHTML = String(html`<header class="row between"><h2 id="dt"></h2><button class="btn tool" data-close aria-label="${t('close')}">${icon('bad')}</button></header><div class="pad stack" data-part="body"></div>`);
  const body = $('[data-part=body]', element);
  const update = () => { $('h2', element).textContent = title(); put(body, draw()); };
  const close = () => element.close();
  element.addEventListener('click', event => {
    if (event.target.closest('[data-close]')) return close();
    return onclick?.(event, { element, update, close });
  });
  element.addEventListener('submit', event => {
    event.preventDefault();
    onsubmit?.(event.target, { element, update, close });
  });
  element.addEventListener('close', () => {
    element.remove();
    // The page may have been drawn anew meanwhile.
    if (opener) $(`[data-k="${CSS.escape(opener)}"]`)?.focus();
  });
  document.body.append(element);
  update();
  element.showModal();
  return { element, update, close };
}

/** A code or a token, which is shown this once. */
export const secret = (label, text, hint) => html`<div class="secret" role="status"><span class="hint">${label}</span>
  <output class="mono" data-secret>${text}</output>${navigator.clipboard ? html`<button class="btn" type="button" data-copy data-k="copy">${t('ac.copy')}</button>` : ''}
  <span class="hint">${hint}</span></div>`;

/** Copies the secret of a dialog where its button was clicked. */
export async function copyByClick(event) {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const text = $('[data-secret]', button.parentElement).textContent;
  await navigator.clipboard.writeText(text).then(() => {
    button.textContent = t('ac.copied');
    setTimeout(() => { button.textContent = t('ac.copy'); }, 3000);
  }, () => {});
}
