// Live pages: a stream says that something came, an address says how many came since the list was drawn.
// Own code in place of htmx's extension, which keeps the streams of pages that nobody looks at, and forgets what
// came while there was none.
"use strict";

(() => {
  // Where a stream is refused, news are counted this often (the service's RETRY_AFTER_SECONDS).
  const REFUSED_MS = 30_000;
  // A stream that ended is back within a second or two, which is no news to anybody.
  const QUIET_MS = 5_000;
  // What is told so soon after a count may have been counted already.
  const COUNTED_MS = 2_000;
  // The service counts no further (its MOST_NEWS).
  const MOST_NEWS = 100;
  const SIGNED_OUT = 401;

  const sign = (state, word) => {
    const shown = document.querySelector("[data-live]");
    if (!shown || shown.dataset.state === state) return;
    shown.dataset.state = state;
    shown.querySelector("[data-live-word]").textContent = word;
  };

  class Follower {
    #announcer;
    #source = null;
    #retry = 0;
    #silence = 0;
    #count = 0;
    #countedUntil = 0;

    constructor(announcer) {
      this.#announcer = announcer;
    }

    follows(announcer) {
      return this.#announcer === announcer;
    }

    start() {
      this.stop();
      const source = new EventSource(this.#announcer.dataset.stream);
      this.#source = source;
      source.addEventListener("open", () => {
        this.#quiet();
        sign("open", "live");
        this.#look();
      });
      source.addEventListener(this.#announcer.dataset.event, () => this.#hear());
      source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) this.#countInstead();
        else this.#silence ||= setTimeout(() => sign("broken", "reconnecting"), QUIET_MS);
      });
    }

    stop() {
      this.#quiet();
      clearTimeout(this.#retry);
      this.#source?.close();
      this.#source = null;
    }

    #quiet() {
      clearTimeout(this.#silence);
      this.#silence = 0;
    }

    // As many streams are open as may be, or nobody answers: the browser would not ask again by itself.
    async #countInstead() {
      this.stop();
      this.#retry = setTimeout(() => this.start(), REFUSED_MS);
      const status = await this.#look();
      // Somebody may have looked at the page again meanwhile, and a stream was opened: it says how things are.
      if (this.#source) return;
      if (status === 200) sign("counting", "checking every 30 s");
      else if (status === SIGNED_OUT) sign("broken", "signed out");
      else sign("broken", "reconnecting");
    }

    // While a count is under way, and just after it, one more may be one that it holds: it is asked again.
    async #hear() {
      const counted = performance.now() < this.#countedUntil && (await this.#look()) === 200;
      if (!counted) this.#show(this.#count + 1);
    }

    async #look() {
      this.#countedUntil = Infinity;
      try {
        const answer = await fetch(this.#announcer.dataset.counted, { redirect: "manual" });
        // Whom the session has ended for is sent to sign in, which is at another address.
        if (answer.type === "opaqueredirect") return SIGNED_OUT;
        if (answer.ok) this.#show(Number(await answer.text()));
        return answer.status;
      } catch {
        return 0;
      } finally {
        this.#countedUntil = performance.now() + COUNTED_MS;
      }
    }

    // What was told may be counted as well: the larger of the two is right.
    #show(count) {
      if (!(count > this.#count)) return;
      this.#count = count;
      const words = this.#announcer.querySelector("[data-announcement]");
      const told = count >= MOST_NEWS ? `${MOST_NEWS}+` : String(count);
      words.hidden = false;
      words.textContent = `${told} new ${this.#announcer.dataset.announcer}${count === 1 ? "" : "s"}`;
      document.body.dispatchEvent(new CustomEvent("inbox-changed"));
    }
  }

  let follower = null;

  // A filter draws another list, with another announcer. A page that nobody looks at listens to nothing: a browser
  // opens few connections to one place, and a person may have many pages.
  const follow = () => {
    const announcer = document.querySelector("[data-announcer]");
    if (follower && !follower.follows(announcer)) {
      follower.stop();
      follower = null;
    }
    if (!announcer) return;
    if (document.visibilityState === "hidden") {
      follower?.stop();
    } else if (!follower) {
      follower = new Follower(announcer);
      follower.start();
    }
  };

  document.addEventListener("DOMContentLoaded", follow);
  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && follower) follower.start();
    else follow();
  });
  addEventListener("pagehide", () => follower?.stop());
  addEventListener("pageshow", (event) => {
    if (event.persisted) follower?.start();
  });
})();
