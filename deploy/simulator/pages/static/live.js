// Keeps the marked parts of a page fresh: fetches the same page every two seconds and swaps in what changed.
// A part is left alone while the reader is using a control inside it, and nothing is asked while the page is hidden.
"use strict";
const PAUSE_MS = 2000;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || part.contains(document.activeElement) || part.querySelector("details[open]")) continue;
    if (next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
  }
}

setInterval(() => refresh().catch(() => {}), PAUSE_MS);
