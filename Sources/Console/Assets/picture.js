// Pictures in the page: fetched as they come into view, without the strip of words below them where the page says the same.
import { $$, html, icon, put } from './ui.js';
import { t } from './i18n.js';
import { picture } from './api.js';

/** A place for a picture, which `fill` then shows; a cropped one is without its strip. */
export const frame = (sha256, alt, { cls = '', isCropped = false } = {}) =>
  html`<span class="pic ${cls}" data-sha="${sha256}" data-alt="${alt}" data-crop="${isCropped ? '1' : ''}"></span>`;

// What was shown is put into its place again when that is drawn anew, so that nothing flickers.
const most = 120;
/** After which one that could not be fetched is asked for again. */
const pause = 15_000;
const shown = new Map();
const key = element => `${element.dataset.sha} ${element.className.replace(' none', '')}`;

/** Loads the pictures of an element as they come into view. */
export function fill(root) {
  for (const element of $$('[data-sha]', root)) {
    if (element.known) mark(element.parentElement, element.known);
    if (element.lack) tell(element, element.lack);
    if (element.firstChild || element.isLoading) continue;
    const known = shown.get(key(element));
    if (known && !known.node.isConnected) place(element, known); else seen.observe(element);
  }
}

function place(element, known) {
  Object.assign(element, { known, lack: null });
  element.classList.remove('none');
  element.replaceChildren(known.node);
  mark(element.parentElement, known);
}

const seen = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); show(entry.target); }
}, { rootMargin: '200px' });

/** Says, in the language of now, why there is no picture. */
function tell(element, lack) {
  element.lack = lack;
  element.classList.add('none');
  put(element, html`${icon('none')}<span class="${element.matches('.thumb') ? 'vh' : 'why'}">${t(lack)}</span>`);
}

async function show(element) {
  element.isLoading = true;
  try {
    const url = await picture(element.dataset.sha);
    if (!url) return tell(element, 'ev.gone');
    const image = new Image();
    image.decoding = 'async';
    image.alt = element.dataset.alt;
    image.src = url;
    // What the browser cannot show it would draw as its own sign for that.
    if (!await image.decode().then(() => true, () => false)) return tell(element, 'ev.broken');
    const area = areaOf(image);
    const node = element.dataset.crop && area ? cropped(image, area) : image;
    const known = { node, area, width: image.naturalWidth, height: image.naturalHeight };
    shown.set(key(element), known);
    if (shown.size > most) shown.delete(shown.keys().next().value);
    place(element, known);
  } catch {
    tell(element, 'ev.failed');
    setTimeout(() => { if (element.isConnected) seen.observe(element); }, pause);
  } finally { element.isLoading = false; }
}

/** Draws the mark once it is known which part is the picture. */
function mark(parent, { area, width: whole, height: total }) {
  const svg = parent?.querySelector('svg.mark');
  if (!svg || !area) return;
  const [x, y, width, height] = svg.dataset.box.split(' ').map(Number);
  svg.setAttribute('viewBox', `0 0 ${whole} ${total}`);
  const rect = svg.firstElementChild;
  for (const [name, value] of Object.entries({ x: x * area.width, y: y * area.height, width: width * area.width, height: height * area.height })) {
    rect.setAttribute(name, value);
  }
  svg.classList.add('on');
}

function cropped(image, area) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, area);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', image.alt);
  if (!image.alt) canvas.setAttribute('aria-hidden', 'true');
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas;
}

/**
 * Which part is the picture, from the left top: below it is a black strip with lines of words, and a narrow picture has black beside
 * it (Evidence/Caption.swift). Nothing where that cannot be made out; then the whole is shown, and nothing is marked.
 */
function areaOf(image) {
  const [width, total] = [image.naturalWidth, image.naturalHeight];
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height: total });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, total);
  const isBlack = (x, y) => { const i = 4 * (y * width + x); return Math.max(data[i], data[i + 1], data[i + 2]) < 48; };
  const isBlackRow = y => { for (let x = 0; x < width; x += 3) if (!isBlack(x, y)) return false; return true; };
  for (let lines = 1; lines <= 8; lines += 1) {
    for (let height = total - 20; height > 8; height -= 1) {
      const size = Math.max(14, Math.min(40, Math.floor(height / 36)));
      const margin = Math.floor(size / 2);
      const strip = lines * Math.floor((size * 4) / 3) + 2 * margin;
      if (height + strip > total) continue;
      if (height + strip < total - 1) break;
      // The strip begins with a margin, and what is above it is no margin.
      let isStrip = !isBlackRow(height - 2);
      for (let y = height + 2; isStrip && y < height + margin - 1; y += 1) isStrip = isBlackRow(y);
      if (isStrip) return { width: edge(width, height, isBlack), height };
    }
  }
  return null;
}

function edge(width, height, isBlack) {
  // As wide as the strip, or beside black.
  for (let x = width - 1; x > 16; x -= 1) for (let y = 1; y < height - 2; y += 2) if (!isBlack(x, y)) return x + 1;
  return width;
}
