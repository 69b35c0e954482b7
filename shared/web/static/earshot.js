// What pages gain with script. Each of them works, slower, without.
"use strict";

(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  document.documentElement.classList.add("scripted");

  // Every request of htmx carries the token; empty fields stay out of addresses.
  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, verb, parameters } = event.detail;
    headers["X-CSRF-Token"] = token();
    if (verb !== "get") return;
    for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
  });

  // Exact times in the reader's own zone.
  const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const localise = (root) => {
    for (const element of all("time[datetime]", root)) {
      const moment = new Date(element.dateTime);
      if (!Number.isNaN(moment.valueOf())) element.dataset.exact = zone.format(moment);
    }
  };

  // The unread count is fetched once and shown in the side bar as well.
  const spreadUnread = () => {
    const count = document.querySelector("[data-unread-source]")?.textContent.trim() ?? "";
    for (const badge of all("[data-unread]")) badge.textContent = count;
    const bell = document.querySelector("[data-bell]");
    bell?.setAttribute("aria-label", count ? `Inbox, ${count} unread` : "Inbox");
  };

  // Keyboard: j and k walk the rows, enter opens (the focused link does that itself), / goes to the search.
  const typing = (element) => element?.closest("input, textarea, select, [contenteditable], dialog[open]");
  const links = () => all("[data-row]").map((row) => row.querySelector("[data-row-link]")).filter(Boolean);
  const walk = (step) => {
    const targets = links();
    const row = document.activeElement?.closest("[data-row]");
    const here = targets.findIndex((link) => link.closest("[data-row]") === row);
    const next = here < 0 ? (step > 0 ? 0 : targets.length - 1) : here + step;
    targets[Math.max(0, Math.min(next, targets.length - 1))]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "j") walk(1);
    else if (event.key === "k") walk(-1);
    else if (event.key === "/") {
      event.preventDefault();
      document.querySelector("[data-search]")?.focus();
    }
  });

  // Dialogs, and the typed name that some of them ask for.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    const closer = event.target.closest("[data-closes]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.opens)?.showModal();
    } else if (closer) {
      event.preventDefault();
      closer.closest("dialog")?.close();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.('a[role="button"]')) {
      event.preventDefault();
      event.target.click();
    }
  });
  document.addEventListener("input", (event) => {
    const wanted = event.target.dataset?.mustEqual;
    if (wanted === undefined) return;
    event.target.setCustomValidity(event.target.value === wanted ? "" : `Type “${wanted}” exactly.`);
  });

  // Copying an address, <button data-copies="/insights/…">, or what an element says, <button data-copies-of="its id">.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies], [data-copies-of]");
    if (!button) return;
    const { copies, copiesOf } = button.dataset;
    const said = copiesOf ? document.getElementById(copiesOf).textContent.trim() : new URL(copies, location.href).href;
    await navigator.clipboard.writeText(said);
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = words; }, 1500);
  });

  // Adding an address or a name to the lines of a text area, by its button or by Enter, which would save the form too early.
  const add = (input) => {
    const area = document.getElementById(input.dataset.addsTo);
    const picked = input.value.trim();
    if (!picked) return input.focus();
    const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const known = lines.some((line) => line.toLowerCase() === picked.toLowerCase());
    area.value = (known ? lines : [...lines, picked]).join("\n");
    area.dispatchEvent(new Event("change", { bubbles: true }));
    input.value = "";
    document.getElementById(`${input.id}-said`).textContent = known ? `${picked} is there already.` : `${picked} is added.`;
    input.focus();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-adds]");
    if (button) add(document.getElementById(button.dataset.adds));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.dataset?.addsTo || !event.target.value.trim()) return;
    event.preventDefault();
    add(event.target);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    localise(event.target);
    spreadUnread();
  });
  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    // On a narrow screen the tabs are wider than it is.
    document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    // So is the line of filters: what the list is filtered by comes into sight.
    const chosen = '.filter:has(option:checked:not([value=""]), input:not(:placeholder-shown))';
    document.querySelector(chosen)?.scrollIntoView({ block: "nearest", inline: "center" });
    // So are charts of a time: what was last comes first into sight.
    for (const chart of all(".chart-scroll")) chart.scrollLeft = chart.scrollWidth;
    for (const button of all("[data-adds]")) button.hidden = false;
    // Who never chose a zone is most likely in that of the browser.
    for (const input of all("[data-own-zone]")) input.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const input of all("[data-must-equal]")) input.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
