// Keeping a page current: server-sent events, and polling where they do not come through.
const POLL_MS = 5_000;
const SILENCE_MS = 25_000; // the server's heartbeat comes every 10 seconds

/**
 * Call back whenever a store's data may have changed.
 *
 * @param {string} streamPath - address of the event stream.
 * @param {() => Promise<boolean>} refresh - fetches anew; resolves to whether the server answered.
 * @param {(state: "live"|"polling"|"lost") => void} show - told how the page is kept current.
 */
export function keepCurrent(streamPath, refresh, show) {
  let source = null;
  let silence = null;
  let poll = null;

  const stopPolling = () => {
    clearInterval(poll);
    poll = null;
  };

  const pollOnce = async () => {
    show((await refresh()) ? "polling" : "lost");
    if (!source || source.readyState === EventSource.CLOSED) connect();
  };

  const startPolling = () => {
    if (poll !== null) return;
    poll = setInterval(pollOnce, POLL_MS);
    pollOnce();
  };

  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => { source.close(); startPolling(); }, SILENCE_MS);
    stopPolling();
    show("live");
  };

  const connect = () => {
    source?.close();
    source = new EventSource(streamPath);
    let version = null;
    source.addEventListener("version", (event) => {
      const changed = version !== event.data;
      version = event.data;
      heard();
      if (changed) refresh(); // the first one too: something may have changed since the page was fetched
    });
    source.addEventListener("heartbeat", heard);
    source.onerror = () => {
      version = null; // whatever comes next, fetch anew: something may have been missed
      startPolling();
    };
  };

  const rest = () => {
    source?.close();
    clearTimeout(silence);
    stopPolling();
  };

  connect();
  // A browser keeps few connections to one server: pages that nobody looks at give theirs back.
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : connect()));
  addEventListener("pagehide", rest);
}

/**
 * Run a function at once, and again at most once per `gap` while asked more often.
 * @param {() => Promise<boolean>} work - what to run; never twice at the same time.
 * @param {number} gap - milliseconds of rest after each run.
 * @returns {(hurry?: boolean) => Promise<boolean>} asks for a run that begins from now on; `hurry` cuts the
 *   rest short, for those who wait for an answer of their own.
 */
export function throttled(work, gap) {
  let busy = null; // the run and the rest after it
  let next = null; // the run that was asked for meanwhile
  let cutShort = () => {};

  const rest = () => new Promise((resume) => {
    const timer = setTimeout(resume, gap);
    cutShort = () => { clearTimeout(timer); resume(); };
  });

  const start = () => {
    const run = work();
    busy = run.catch(() => false).then(rest).then(() => { busy = null; cutShort = () => {}; });
    return run;
  };

  return (hurry = false) => {
    if (busy === null) return start();
    next ??= busy.then(() => { next = null; return start(); });
    if (hurry) cutShort();
    return next;
  };
}
