// The pages of an administrator, and the way between them.
import { flag, html } from './ui.js';
import { t } from './i18n.js';

const pages = [['users', '/users'], ['audit', '/audit']];

export const manageNav = current => html`<nav class="subnav" aria-label="${t('nav.manage')}">${pages.map(([id, href]) =>
  html`<a href="${href}" data-k="sub-${id}" ${flag('aria-current="page"', id === current)}>${t('nav.' + id)}</a>`)}</nav>`;
