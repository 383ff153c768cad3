// Language and appearance: by the browser's wish, then by the switches in the bar, kept in this browser.
import { texts } from './texts.js';

const query = new URLSearchParams(location.search);
const read = () => { try { return JSON.parse(localStorage.getItem('gw') || '{}'); } catch { return {}; } };
const stored = read();

export const settings = {
  lang: query.get('lang') || stored.lang || (navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'),
  theme: query.get('theme') || stored.theme || '',
  /** Whether single letters are keys. */
  letters: stored.letters,
};

/** Keeps them, and applies them to the document. */
export function apply() {
  const root = document.documentElement;
  root.lang = settings.lang === 'zh' ? 'zh-Hans' : 'en';
  if (settings.theme) root.dataset.theme = settings.theme; else delete root.dataset.theme;
  try { localStorage.setItem('gw', JSON.stringify(settings)); } catch { /* a private window */ }
}

/** The appearance after the present one: what its switch leads to. */
export function nextTheme() {
  const themes = ['light', 'dark', 'sun'];
  const theme = settings.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  return themes[(themes.indexOf(theme) + 1) % 3];
}

/** What the switches in the bar do; false where it was none of them. */
export function turn(act) {
  if (act === 'lang') settings.lang = settings.lang === 'zh' ? 'en' : 'zh';
  else if (act === 'theme') settings.theme = nextTheme();
  else return false;
  apply();
  return true;
}

/** The text of a key; {0} and so on stand for values. */
export function t(key, ...values) {
  const pair = texts[key];
  if (!pair) return key;
  return pair[settings.lang === 'zh' ? 0 : 1].replace(/\{(\d)\}/g, (_, index) => values[index]);
}
export const isText = key => key in texts;

/** Of a name in both languages, as the server says it. */
export const pick = name => (name ? name[settings.lang] ?? name.en ?? '' : '');

/** 754 → "12 min 34 s"; from ten minutes on without seconds. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds)), m = Math.floor(s / 60), h = Math.floor(m / 60);
  if (s < 60) return t('u.s', s);
  if (m < 60) return s % 60 && m < 10 ? t('u.ms', m, s % 60) : t('u.m', m);
  return m % 60 ? t('u.hm', h, m % 60) : t('u.h', h);
}

/** The time of day at the place, as a message says it. */
export const clock = text => (text || '').slice(11, 19);
export const moment = text => Date.parse(text) / 1000;
/** Day and minute at the place, as the server said it. */
export const date = text => (text || '').slice(0, 16).replace('T', ' ');
/** The time of day of this browser. */
export const timeOfDay = date => clock(new Date(date - new Date(date).getTimezoneOffset() * 60_000).toISOString());
