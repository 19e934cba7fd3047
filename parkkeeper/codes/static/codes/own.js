"use strict";
/* A person's own page. What was seen last stays on this phone, so that the code can be shown without network.
   Opened by a one-time link (/me/#link=CODE), whose code becomes this phone's token, or by the session of a log-in. */
(() => {
  const main = document.getElementById("main");
  const chooser = document.getElementById("language");
  const keep = {
    get: (name) => { try { return JSON.parse(localStorage.getItem("own." + name)); } catch { return null; } },
    set: (name, value) => { try { localStorage.setItem("own." + name, JSON.stringify(value)); } catch { /* private window */ } },
    drop: (name) => { try { localStorage.removeItem("own." + name); } catch { /* private window */ } },
  };
  const TAGS = { "zh-hans": "zh-Hans", "zh-hant": "zh-Hant", en: "en" };
  let texts = {};
  let zone = undefined;
  let language = keep.get("language") || guess();
  let fresh = false;

  function guess() {
    const told = (navigator.language || "").toLowerCase();
    if (/^zh-(hant|tw|hk|mo)/.test(told)) return "zh-hant";
    return told.startsWith("en") ? "en" : "zh-hans";
  }

  function say(key, values = {}) {
    const text = (texts[language] || {})[key] || key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  }

  function made(tag, attributes = {}, ...inside) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null) element.setAttribute(name, value);
    }
    element.append(...inside.filter((part) => part !== null && part !== ""));
    return element;
  }

  const two = (number) => String(number).padStart(2, "0");
  const clock = (minute) => two(Math.floor(minute / 60) % 24) + ":" + two(minute % 60);
  // the park's time zone, wherever the phone is
  const formatted = (at, tag, shape) => new Intl.DateTimeFormat(tag, { timeZone: zone, ...shape }).format(at);
  const moment = (text) => {
    const tag = { "zh-hans": "zh-CN", "zh-hant": "zh-HK", en: "en-GB" }[language];
    return formatted(new Date(text), tag, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  };
  const hour = (text) => formatted(new Date(text), "en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  // by the park's clock, as far as it was heard last: a phone's own may be wrong, and a rehearsal has another
  const localDay = (told) => formatted(new Date(Date.now() + (told.ahead || 0)), "sv-SE", { dateStyle: "short" });

  function picture(rows) {
    const quiet = 4, size = rows.length + 2 * quiet;
    let path = "";
    rows.forEach((row, y) => {
      for (const run of row.matchAll(/1+/g)) path += `M${run.index + quiet} ${y + quiet}h${run[0].length}v1h-${run[0].length}z`;
    });
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg"), drawn = document.createElementNS(space, "path");
    svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", say("picture"));
    svg.setAttribute("shape-rendering", "crispEdges");
    drawn.setAttribute("d", path);
    svg.append(drawn);
    return svg;
  }

  function card(title, ...inside) {
    return made("section", { class: "card" }, made("h2", {}, title), ...inside);
  }

  function list(items, none) {
    return items.length ? made("ul", {}, ...items) : made("p", { class: "soft" }, none);
  }

  function codeCard(told) {
    const expired = told.code && told.code.last < localDay(told);
    const number = told.staff_number ? " · " + say("number") + " " + told.staff_number : "";
    return made("section", { class: "card code" },
      made("p", { class: "name" }, told.name),
      made("p", { class: "soft" }, told.enterprise + number),
      told.code ? picture(told.code.rows) : null,
      made("p", {}, say(told.code ? "show" : "no_code")),
      told.code ? made("p", { class: expired ? "bad" : "soft" }, expired ? say("expired") : say("until", { day: told.code.last })) : null);
  }

  function placeCard(place) {
    if (!place) return card(say("where"), made("p", {}, say("nowhere")));
    let when = "";
    if (place.from !== null && place.to !== null) when = say("slot", { start: clock(place.from), end: clock(place.to) });
    else if (place.from !== null) when = say("slot_from", { start: clock(place.from) });
    const hours = place.hours ? say("hours", { start: clock(place.hours[0]), end: clock(place.hours[1]) }) : "";
    return card(say("where"),
      made("p", { class: "big" }, place.name), when ? made("p", { class: "big" }, when) : null,
      place.address ? made("p", {}, place.address) : null, hours ? made("p", { class: "soft" }, hours) : null,
      place.by_shuttle ? made("p", {}, say("shuttle")) : null);
  }

  function roundCard(round) {
    if (!round) return card(say("today"), made("p", { class: "soft" }, say("no_round")));
    const due = round.standing === "due";
    const state = round.sampled_at ? say("sampled", { time: hour(round.sampled_at) }) : due ? say("not_sampled") : say("standing." + round.standing);
    const tone = round.sampled_at ? "ok" : due ? "warn" : "";
    const range = say("window", { start: hour(round.opens_at), end: hour(round.closes_at) });
    return card(say("today"), made("p", { class: "big " + tone }, state), due && !round.sampled_at ? made("p", { class: "soft" }, range) : null);
  }

  function dutyCard(told) {
    const items = told.open.map((one) => made("li", {},
      made("span", { class: "bad" }, say("open." + one.kind)), made("span", {}, one.due_at ? say("due", { time: moment(one.due_at) }) : "")));
    return card(say("duties"), list(items, say("nothing_open")));
  }

  function resultCard(results) {
    const tone = { negative: "ok", positive: "bad", indeterminate: "warn", invalid: "warn" };
    const items = results.map((one) => made("li", {},
      made("span", {}, moment(one.at) + " " + say("test." + one.test) + (one.pooled ? " · " + say("pooled") : "")),
      made("span", { class: one.value ? tone[one.value] : "soft" }, one.value ? say("value." + one.value) : say("waiting"))));
    return card(say("results"), list(items, say("no_results")));
  }

  function postCard(posts) {
    const items = posts.map((one) => made("li", {}, made("span", {}, say("role." + one.role)), made("span", {}, one.place)));
    return posts.length ? card(say("posts"), made("ul", {}, ...items)) : null;
  }

  function show(told, note) {
    zone = told.time_zone;
    const time = { time: moment(told.as_of) };
    const parts = [
      note ? made("p", { class: "card note", role: "status" }, note) : fresh ? null : made("p", { class: "card note", role: "status" }, say("offline", time)),
      codeCard(told), placeCard(told.place), roundCard(told.round), dutyCard(told), resultCard(told.results), postCard(told.posts),
      made("footer", {}, made("button", { type: "button", onclick: refresh }, say("refresh")), made("button", { type: "button", onclick: forget }, say("forget"))),
      made("p", { class: "soft" }, say("as_of", time) + " · " + say("private")),
    ];
    main.replaceChildren(...parts.filter((part) => part !== null));
  }

  function welcome(message) {
    const field = made("input", { id: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "20", "aria-describedby": "hint" });
    const form = made("form", { class: "card", onsubmit: (event) => { event.preventDefault(); open(field.value); } },
      made("p", {}, say("welcome")), made("br"), made("label", { for: "code" }, say("code_label")),
      made("p", { class: "soft", id: "hint" }, say("code_hint")), field, made("button", { class: "main", type: "submit" }, say("open")));
    const login = made("p", { class: "card" }, made("a", { href: "/login?next=/me/" }, say("log_in")));
    main.replaceChildren(...(message ? [made("p", { class: "card note", role: "alert" }, message)] : []), form, login);
  }

  function nonceOf(code) {
    // the same code asks again with the same nonce, so that a lost answer is given once more
    const before = keep.get("asking");
    if (before && before.code === code) return before.nonce;
    const nonce = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    keep.set("asking", { code, nonce });
    return nonce;
  }

  async function ask(address, options = {}) {
    const token = keep.get("token");
    const headers = { "Parkkeeper-Language": language, ...(token ? { Authorization: "Bearer " + token } : {}) };
    const answer = await fetch(address, { cache: "no-store", credentials: "same-origin", ...options, headers });
    return { status: answer.status, told: await answer.json() };
  }

  async function open(code) {
    const asked = code.trim();
    if (!asked) return;
    let answer;
    try {
      answer = await ask("/me/v1/open", { method: "POST", body: JSON.stringify({ code: asked, nonce: nonceOf(asked) }) });
    } catch { welcome(say("no_network")); return; }
    if (answer.status !== 201) { welcome(answer.told.error ? answer.told.error.message : say("no_network")); return; }
    wipe();
    keep.set("token", answer.told.token);
    await refresh();
  }

  function wipe() { ["token", "data", "asking"].forEach(keep.drop); }

  async function refresh() {
    const held = keep.get("data");
    try {
      const { status, told } = await ask("/me/v1/self");
      if (status === 200) { fresh = true; told.ahead = new Date(told.as_of) - Date.now(); keep.set("data", told); show(told); return; }
      if (status === 401) { wipe(); welcome(held ? told.error.message : ""); return; }
    } catch { /* no network, or something in between that is not our server */ }
    fresh = false;
    if (held) show(held); else welcome(say("no_network"));
  }

  function forget() {
    if (!window.confirm(say("forget_sure"))) return;
    wipe();
    welcome("");
  }

  function speak() {
    document.documentElement.lang = TAGS[language];
    document.getElementById("title").textContent = say("title");
    document.title = say("title");
    chooser.setAttribute("aria-label", say("language"));
    chooser.replaceChildren(...Object.keys(texts).map((tag) => made("option", { value: tag, lang: TAGS[tag] }, texts[tag].name)));
    chooser.value = language;
  }

  chooser.addEventListener("change", () => {
    language = chooser.value;
    keep.set("language", language);
    speak();
    const held = keep.get("data");
    if (held) show(held); else welcome("");
  });

  async function start() {
    try { texts = await (await fetch("/me/words.json")).json(); keep.set("texts", texts); } catch { texts = keep.get("texts") || {}; }
    speak();
    const link = new URLSearchParams(location.hash.slice(1)).get("link");
    if (link) {
      history.replaceState(null, "", "/me/");  // the code leaves the address before anybody can copy it
      await open(link);
    } else {
      const held = keep.get("data");
      if (held) show(held);
      await refresh();
    }
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/me/worker.js", { scope: "/me/" }).catch(() => null);
  }

  window.addEventListener("online", refresh);
  start();
})();
