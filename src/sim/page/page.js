// Brings new messages in without reloading, changing only what changed. The page works without it.
(() => {
  const list = document.getElementById("messages");
  const line = document.getElementById("line");
  const toEnd = () => { list.scrollTop = list.scrollHeight; };
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  toEnd();

  const apply = (html) => {
    const fresh = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html").body.firstChild;
    const stay = atEnd();
    const known = new Map([...list.children].map((item) => [item.id, item]));
    let place = list.firstChild;
    for (const item of [...fresh.children]) {
      const old = known.get(item.id);
      known.delete(item.id);
      if (old && old.dataset.v === item.dataset.v) {
        if (old === place) place = place.nextSibling; else list.insertBefore(old, place);
      } else if (old) {
        if (old === place) place = place.nextSibling;
        old.replaceWith(document.adoptNode(item));
      } else {
        list.insertBefore(document.adoptNode(item), place);
      }
    }
    known.forEach((item) => item.remove());
    if (stay) toEnd();
  };

  let version = list.dataset.version;
  const refresh = async () => {
    try {
      const answer = await fetch(`${list.dataset.source}&seen=${encodeURIComponent(version)}`);
      if (answer.status === 200) {
        version = answer.headers.get("x-version") || "";
        apply(await answer.text());
      }
    } catch { /* The simulation ended, or will be back in a moment. */ }
    setTimeout(refresh, document.hidden ? 4000 : 700);
  };
  setTimeout(refresh, 700);

  document.querySelectorAll("[data-insert]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    if (!line) return;
    line.value = link.dataset.insert;
    line.focus();
  }));

  const send = async (form, body) => {
    const trouble = document.getElementById("trouble");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/plain" } });
      const said = await answer.text();
      trouble.textContent = answer.ok ? "" : said;
      return answer.ok;
    } catch {
      trouble.textContent = "The simulation does not answer.";
      return false;
    }
  };

  // Buttons come and go with their messages, so the list listens for all of them.
  list.addEventListener("submit", (event) => {
    // What is chosen from a menu leads to a form, on a page of its own.
    if (event.target.classList.contains("entries")) return;
    event.preventDefault();
    send(event.target, new URLSearchParams(new FormData(event.target, event.submitter)));
  });

  if (!line) return;
  document.getElementById("composer").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const text = line.value;
    if (!text.trim()) return;
    line.value = "";
    const body = new URLSearchParams(new FormData(form));
    body.set("text", text);
    if (!await send(form, body)) line.value = text;
    toEnd();
  });
  line.focus();
  line.setSelectionRange(line.value.length, line.value.length);
})();
