"use strict";
// Small helps of the office's pages; every page also works without them.
(() => {
  const typing = (element) =>
    element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);

  const show = (id, wanted) => {
    const drawer = document.getElementById(id);
    if (!drawer) return;
    const open = drawer.classList.toggle("open", wanted);
    for (const button of document.querySelectorAll(`[aria-controls=${id}]`)) {
      button.setAttribute("aria-expanded", String(open));
      if (wanted === undefined) (open ? drawer.querySelector("a, button") : button)?.focus();
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle],[data-dialog],[data-print],[data-copy]");
    if (button?.dataset.toggle) {
      show(button.dataset.toggle);
    } else if (button?.dataset.dialog) {
      document.getElementById(button.dataset.dialog)?.showModal();
    } else if (button && "print" in button.dataset) {
      window.print();
    } else if (button?.dataset.copy) {
      navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.classList.add("done");
    }
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (!event.target.closest("#side, [data-toggle]")) show("side", false);
  });

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-pick-all]");
    if (!all) return;
    for (const box of document.querySelectorAll(`#${all.dataset.pickAll} input[name=chosen]`)) box.checked = all.checked;
  });

  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      show("side", false);
      for (const menu of document.querySelectorAll("details[data-menu][open]")) menu.open = false;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?") {
      document.getElementById("keys")?.showModal();
    } else if (event.key === "]") {
      document.querySelector("a[rel=next]")?.click();
    } else if (event.key === "[") {
      document.querySelector("a[rel=prev]")?.click();
    } else if (before === "g" && event.key === "h") {
      location.href = "/";
    }
    before = event.key;
  });

  // An address keeps only what was chosen, and begins at the first page again.
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (!ctx.sourceElement.matches("[data-filters]")) return;
    for (const [key, value] of [...ctx.request.body.entries()]) if (value === "") ctx.request.body.delete(key);
  });

  document.addEventListener("submit", (event) => {
    const asked = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (asked && !window.confirm(asked)) event.preventDefault();
    else if (event.target.method === "post") for (const b of event.target.querySelectorAll("button[type=submit][data-once]")) setTimeout(() => (b.disabled = true));
  });

  const start = () => {
    document.querySelector("[data-focus]")?.focus();
    document.querySelector(".side a[aria-current]")?.scrollIntoView({ block: "nearest" });
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
