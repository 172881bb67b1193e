// Keeps the page that is shown current, and lets the browser in that kubectl shop console opened. Without it all works
// as well: pages are fetched anew every ten seconds, and forms are forms.
"use strict";
(() => {
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("emporium", { createHTML: text => text }) // what is parsed is a page of ours
    : { createHTML: text => text };
  const main = document.getElementById("main"), live = document.getElementById("live"), stream = document.body.dataset.live;
  const every = 30_000; // ages grow old by themselves
  let source = null, fetching = false, again = false, timer = 0, told = sentence();

  signIn();
  if (stream && window.EventSource && window.Idiomorph) {
    document.addEventListener("visibilitychange", follow);
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", follow);
    follow();
  }
  document.addEventListener("keydown", keys);

  // signIn sends the code of the address, which browsers send to nobody by themselves.
  function signIn() {
    const form = document.getElementById("start"), code = new URLSearchParams(location.hash.slice(1)).get("k");
    if (!form || !code) return;
    history.replaceState(null, "", location.pathname);
    form.elements.code.value = code;
    form.submit();
  }

  // follow listens while the page is seen: a browser has six connections to a host, and tabs are many.
  function follow() {
    if (document.hidden) return leave();
    if (source) return;
    source = new EventSource(stream);
    source.addEventListener("changed", refresh);
    source.addEventListener("signed-out", signedOut);
    source.addEventListener("error", () => { if (source?.readyState === EventSource.CLOSED) { leave(); refresh(); } });
    timer = setInterval(refresh, every);
    refresh(); // it may have changed while nobody looked
  }

  function leave() {
    source?.close();
    source = null;
    clearInterval(timer);
  }

  // refresh fetches this very page, and puts what differs into it. What changes meanwhile is fetched afterwards, once.
  async function refresh() {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.status === 401 || answer.redirected) return signedOut();
      const next = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html").getElementById("main");
      if (next) morph(next);
    } catch {
      say("The console does not answer. Trying again.");
    } finally {
      fetching = false;
      if (again) { again = false; refresh(); }
    }
  }

  // morph leaves alone what somebody uses: the focus, what they typed, and what they opened.
  function morph(next) {
    window.Idiomorph.morph(main, next, {
      morphStyle: "outerHTML", ignoreActiveValue: true, restoreFocus: true,
      callbacks: { beforeAttributeUpdated: (name, node) => !(name === "open" && node.localName === "details") && !(name === "value" && node === document.activeElement) },
    });
    const now = sentence();
    if (now !== told) { told = now; say(now, true); }
    else if (live.textContent.startsWith("The console does not answer")) say("");
  }

  // sentence is what a change of the page is told by: numbers of pods alone would be a chatter.
  function sentence() { return document.getElementById("says")?.textContent.trim() ?? ""; }

  // say tells a screen reader; the eyes too, unless the page shows it already.
  function say(text, shown) {
    live.classList.toggle("hidden", Boolean(shown));
    if (live.textContent !== text) live.textContent = text;
  }

  function signedOut() {
    leave();
    document.removeEventListener("visibilitychange", follow);
    say("");
    const link = document.createElement("a");
    link.href = "/login?next=" + encodeURIComponent(location.pathname + location.search);
    link.textContent = "Sign in again";
    live.append("You are signed out. What you see is not current any more. ", link);
    live.classList.add("band", "bad");
  }

  // keys: h goes to the history, s to the shop. Not while somebody types.
  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const to = { h: "History", s: null }[event.key];
    if (to === undefined) return;
    const links = [...document.querySelectorAll("header nav a")].slice(1);
    const link = to ? links.find(l => l.textContent === to) : links[0];
    if (link) location.assign(link.href);
  }
})();
