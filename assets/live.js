// Keeps the status page live: exchanges the parts that changed, and says so when it no longer can.
"use strict";
(() => {
  const LOST_AFTER_MS = 4000;
  const lost = document.getElementById("lost");
  let waiting = 0;

  const found = () => {
    clearTimeout(waiting);
    waiting = 0;
    lost.hidden = true;
    document.body.classList.remove("is-lost");
  };
  const missed = () => {
    if (waiting) return;
    waiting = setTimeout(() => {
      lost.hidden = false;
      document.body.classList.add("is-lost");
    }, LOST_AFTER_MS);
  };

  let source;
  const open = () => {
    source = new EventSource("/events");
    source.addEventListener("open", found);
    source.addEventListener("update", (event) => {
      found();
      for (const [id, html] of Object.entries(JSON.parse(event.data))) {
        const element = document.getElementById(id);
        // The server escaped every text in it, and the page's policy runs no script of it.
        if (element) element.innerHTML = html;
      }
    });
    source.addEventListener("error", () => {
      missed();
      // A refusal (the house is full) ends an EventSource for good: ask again, without hurry.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 15000);
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
})();
