// The stream of events: it resumes by id, says how fresh the page is, and rests while nobody looks.
const restsAfter = 60_000;
const staleAfter = 40_000;

/**
 * @param {{since: () => string, incident: (item) => void, reset: () => void, changed: () => void}} hooks
 */
export function live(hooks) {
  let source = null;
  let last = null; // the id of the newest event
  let heard = 0;
  let wait = 1000;
  let timer = null;
  let resting = null;
  let isClosed = false;
  const state = { name: 'wait', since: Date.now() };

  const turn = name => {
    if (state.name === name) return;
    state.name = name;
    if (name === 'off') state.since = heard || Date.now();
    hooks.changed();
  };
  const hear = event => {
    heard = Date.now();
    if (event.lastEventId) last = event.lastEventId;
    turn('on');
  };

  function open() {
    clearTimeout(timer);
    source?.close();
    if (isClosed) return;
    const since = last ?? hooks.since();
    source = new EventSource(`/api/v1/events${since ? `?since=${encodeURIComponent(since)}` : ''}`);
    source.addEventListener('hello', event => { wait = 1000; hear(event); hooks.hello?.(); });
    source.addEventListener('tick', hear);
    source.addEventListener('incident', event => { hear(event); hooks.incident(JSON.parse(event.data)); });
    source.addEventListener('reset', event => { hear(event); hooks.reset(); });
    source.onerror = () => {
      turn('off');
      // Own waits in place of the browser's: it gives up for good where the answer is no stream.
      source.close();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 15_000);
    };
  }

  const watch = setInterval(() => {
    if (state.name === 'on' && Date.now() - heard > staleAfter) turn('stale');
    else if (state.name === 'stale') hooks.changed();
  }, 5000);
  const seen = () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(() => { source?.close(); source = null; clearTimeout(timer); }, restsAfter);
    else if (!source) open();
  };
  const back = () => { wait = 1000; open(); };
  document.addEventListener('visibilitychange', seen);
  addEventListener('online', back);
  open();

  return {
    state,
    get heard() { return heard; },
    close() {
      isClosed = true;
      clearInterval(watch);
      clearTimeout(timer);
      clearTimeout(resting);
      source?.close();
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('online', back);
    },
  };
}
