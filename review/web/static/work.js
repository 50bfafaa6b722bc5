// One field after the other, by keyboard. Two modes: choosing (keys are commands) and editing (keys are text).

import { announce, call, composing, fill, picture, say } from "./common.js";
import { difference, holds, printed } from "./sums.js";

const root = document.getElementById("work");
const card = document.getElementById("card");
const help = document.getElementById("help");
const similar = document.getElementById("similar");
const query = root.dataset.query ? `?${root.dataset.query}` : "";
const mayDecide = root.dataset.mayDecide === "yes";
const PROLONG = 4 * 60 * 1000; // ms; a claim lapses after ten minutes
const STARTS_TYPING = /^[0.,\-−－+]$/u;
const ZOOMS = [1, 2, 3.5];

let field = null; // what the server says of the field shown
let busy = false; // a call is on its way: keys would meet a field that is about to go
let shown = false; // the picture is there, or cannot be had
let cleaned = false;
let zoom = 0;
let offer = null; // the last decision with similar fields: {id, count}
let blankAsked = false;
let lastActive = Date.now();
const pictures = new Map(); // path -> promise of {url} or {error}

// --- pictures -----------------------------------------------------------------------------------------------

function cropPath(id) {
  return `/fields/${id}/crop.png${cleaned ? "?cleaned=true" : ""}`;
}

function wanted(path) {
  if (!pictures.has(path)) pictures.set(path, picture(path));
  return pictures.get(path);
}

function forget(keep) {
  for (const [path, promise] of pictures) {
    if (keep.some((id) => path.startsWith(`/fields/${id}/`))) continue;
    pictures.delete(path);
    promise.then(({ url }) => url && URL.revokeObjectURL(url));
  }
}

async function showPicture() {
  const path = cropPath(field.id);
  const image = card.querySelector(".crop image");
  const problem = card.querySelector(".crop-problem");
  shown = false;
  card.querySelector(".crop").setAttribute("aria-busy", "true");
  const { url, error } = await wanted(path);
  if (field === null || path !== cropPath(field.id) || !image.isConnected) return;
  if (error) {
    problem.textContent = error;
    problem.hidden = false;
    pictures.delete(path);
  } else {
    const loaded = new Promise((resolve) => {
      image.addEventListener("load", resolve, { once: true });
      image.addEventListener("error", resolve, { once: true });
    });
    image.setAttribute("href", url);
    await loaded;
  }
  if (!image.isConnected) return;
  card.querySelector(".crop").setAttribute("aria-busy", "false");
  shown = true;
}

function showMark() {
  const label = card.querySelector("#mark-label");
  if (label) label.textContent = cleaned && field.cleaned ? label.dataset.without : label.dataset.with;
}

function applyZoom() {
  const svg = card.querySelector(".crop svg");
  const [left, top, width, height] = svg.dataset.box.split(" ").map(Number);
  const [x, y] = svg.dataset.centre.split(" ").map(Number);
  const w = width / ZOOMS[zoom];
  const h = height / ZOOMS[zoom];
  const inside = (value, low, high) => Math.max(low, Math.min(high, value));
  const l = inside(x - w / 2, left, left + width - w);
  const t = inside(y - h / 2, top, top + height - h);
  svg.setAttribute("viewBox", `${l} ${t} ${w} ${h}`);
}

// --- the card -----------------------------------------------------------------------------------------------

function show(reply) {
  if (reply.counts) showCounts(reply.counts);
  blankAsked = false;
  zoom = 0;
  if (!reply.card) {
    field = null;
    card.replaceChildren(document.getElementById("done").content.cloneNode(true));
    card.focus();
    return;
  }
  fill(card, reply.card.html);
  field = JSON.parse(card.querySelector("[data-state]").dataset.state);
  const ahead = reply.ahead ?? [];
  forget([field.id, ...ahead]);
  if (!field.cleaned && cleaned) cleaned = false;
  showMark();
  showOffer();
  showPicture().then(() => ahead.forEach((id) => wanted(cropPath(id))));
  recompute();
  centre();
  card.focus({ preventScroll: true });
}

function centre() {
  for (const cell of card.querySelectorAll(".is-this")) {
    const pane = cell.closest(".scroll");
    if (!pane) continue;
    pane.scrollLeft = cell.offsetLeft - pane.clientWidth / 2 + cell.offsetWidth / 2;
    pane.scrollTop = cell.offsetTop - pane.clientHeight / 2 + cell.offsetHeight / 2;
  }
}

function showCounts(counts) {
  document.getElementById("progress").value = counts.progress;
  document.getElementById("left").textContent = say("left", { n: counts.waiting });
}

function showOffer() {
  const button = document.getElementById("offer");
  button.hidden = offer === null;
  document.getElementById("offer-count").textContent = offer === null ? "" : String(offer.count);
}

function input() {
  return card.querySelector("#value");
}

function recompute() {
  const box = input();
  if (box === null) return;
  for (const sum of field.sums) {
    const out = card.querySelector(`#sum-${sum.id}`);
    const off = difference(sum, box.value);
    const state = off === null ? "unknown" : holds(sum, off) ? "holds" : "fails";
    out.dataset.state = state;
    const words = { unknown: () => say("no_number"), holds: () => say("holds") };
    const fails = () => say("fails", { difference: printed(off, sum.decimals) });
    out.textContent = (words[state] ?? fails)();
    out.closest(".sum").dataset.state = state;
  }
  for (const own of card.querySelectorAll(".is-this .cell-text, .equation .own")) own.textContent = box.value;
  const known = field.suggestions.indexOf(box.value);
  card.querySelectorAll(".suggestion").forEach((item, i) => item.classList.toggle("is-value", i === known));
}

// --- deeds --------------------------------------------------------------------------------------------------

async function during(deed) {
  if (busy) return;
  busy = true;
  root.setAttribute("aria-busy", "true");
  try {
    await deed();
  } finally {
    busy = false;
    root.setAttribute("aria-busy", "false");
  }
}

function complain(error) {
  announce(error.detail && error.code === "bad_value" ? `${error.message} ${error.detail}` : error.message, "bad");
}

async function next() {
  const reply = await call("POST", `/api/next${query}`);
  if (reply.error) return complain(reply.error);
  show(reply.data);
}

async function open(id) {
  const claim = () => call("POST", `/api/fields/${id}/claim${query}`);
  let reply = mayDecide ? await claim() : await call("GET", `/api/fields/${id}`);
  if (reply.error?.code === "taken") {
    complain(reply.error);
    reply = await call("GET", `/api/fields/${id}`);
  }
  if (reply.error) return complain(reply.error);
  show(reply.data);
}

function decide(action, text = null) {
  if (field === null || !mayDecide) return;
  if (!shown) return announce(say("wait_picture"), "warn");
  during(async () => {
    const body = { action, text, revision: field.revision };
    const reply = await call("POST", `/api/fields/${field.id}/decide${query}`, body);
    if (reply.error) {
      complain(reply.error);
      if (reply.error.code === "taken") await next();
      return;
    }
    const done = reply.data.decided;
    const parts = [say(done.action, done)];
    if (done.settled.length) parts.push(say("settled", { n: done.settled.length }));
    if (done.reopened.length) parts.push(say("reopened", { n: done.reopened.length }));
    if (done.similar) parts.push(say("similar", { n: done.similar }));
    if (done.action !== "skip") offer = done.similar ? { id: done.decision_id, count: done.similar } : null;
    show(reply.data);
    announce(parts.join(" "), done.reopened.length ? "warn" : "good");
  });
}

function choose(index) {
  if (field === null || index >= field.suggestions.length) return;
  take(field.suggestions[index]);
}

function take(text) {
  if (text === field.text) decide("accept");
  else decide("edit", text);
}

function save() {
  const text = input().value.replace(/[\r\n]+/gu, " ").trim();
  if (text === "" && field.text !== "" && !blankAsked) {
    blankAsked = true;
    return announce(say("empty_text"), "warn");
  }
  take(text);
}

function undo() {
  during(async () => {
    const reply = await call("POST", `/api/undo${query}`, {});
    if (reply.error) return complain(reply.error);
    offer = null;
    show(reply.data);
    announce(say("undone", { n: reply.data.undone }), "good");
  });
}

function edit(begin = null) {
  const box = input();
  if (box === null || !mayDecide || box.disabled) return;
  box.focus();
  if (begin === null) box.select();
  else {
    box.value = begin;
    recompute();
  }
}

function leaveEditing() {
  card.querySelector(".card").classList.remove("editing");
  input().value = field.text;
  blankAsked = false;
  recompute();
  card.focus({ preventScroll: true });
}

function toggleMark() {
  if (field === null || !field.cleaned) return;
  cleaned = !cleaned;
  showMark();
  showPicture();
}

// --- the same mistake elsewhere -----------------------------------------------------------------------------

async function showSimilar() {
  if (offer === null) return;
  await during(async () => {
    const reply = await call("GET", `/api/decisions/${offer.id}/similar`);
    if (reply.error) return complain(reply.error);
    fill(document.getElementById("similar-body"), reply.data.html);
    similar.showModal();
    (similar.querySelector("[data-do=accept-similar]") ?? similar.querySelector("button")).focus();
  });
}

function acceptSimilar() {
  const ids = [...similar.querySelectorAll("input[name=field]:checked")].map((box) => Number(box.value));
  during(async () => {
    const reply = await call("POST", `/api/decisions/${offer.id}/similar${query}`, { field_ids: ids });
    similar.close();
    if (reply.error) return complain(reply.error);
    offer = null;
    showOffer();
    showCounts(reply.data.counts);
    if (field !== null && ids.includes(field.id)) await next();
    announce(say("accepted", { n: reply.data.accepted }), "good");
  });
}

// --- keys ---------------------------------------------------------------------------------------------------

const DEEDS = {
  accept: () => choose(0),
  edit: () => edit(),
  save: () => save(),
  leave: () => leaveEditing(),
  illegible: () => decide("illegible"),
  "printed-wrong": () => decide("as_printed_wrong"),
  skip: () => decide("skip"),
  undo,
  mark: toggleMark,
  zoom: () => {
    if (field === null) return;
    zoom = (zoom + 1) % ZOOMS.length;
    applyZoom();
  },
  similar: showSimilar,
  "accept-similar": acceptSimilar,
  page: () => card.querySelector("#whole-page")?.click(),
  queue: () => document.getElementById("back").click(),
  help: () => (help.open ? help.close() : help.showModal()),
};
const KEYS = {
  Enter: "accept", e: "edit", F2: "edit", " ": "edit", x: "illegible", w: "printed-wrong", s: "skip", u: "undo",
  c: "mark", z: "zoom", a: "similar", p: "page", q: "queue", "?": "help", "？": "help",
};

function onKey(event) {
  lastActive = Date.now();
  if (composing(event) || event.altKey || event.metaKey) return;
  if (help.open || similar.open) {
    if (help.open && (event.key === "?" || event.key === "？")) act(event, "help");
    return;
  }
  if (event.target === input()) return onEditingKey(event);
  if (event.ctrlKey) {
    if (event.key.toLowerCase() === "z") act(event, "undo");
    return;
  }
  const onControl = event.target.closest("button, a, summary, select, input") !== null;
  if (onControl && (event.key === "Enter" || event.key === " ")) return;
  if (/^[1-9]$/u.test(event.key)) {
    event.preventDefault();
    if (!event.repeat && !busy) choose(Number(event.key) - 1);
    return;
  }
  if (event.key === "Backspace" && field !== null) {
    event.preventDefault();
    return edit([...field.text].slice(0, -1).join(""));
  }
  if (STARTS_TYPING.test(event.key)) {
    event.preventDefault();
    return edit(event.key);
  }
  const deed = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (deed) act(event, deed);
}

function act(event, deed) {
  event.preventDefault();
  if (!event.repeat && !busy) DEEDS[deed]();
}

function onEditingKey(event) {
  if (event.key === "Enter") act(event, "save");
  else if (event.key === "Escape") {
    event.preventDefault();
    leaveEditing();
  }
}

document.addEventListener("keydown", onKey);
document.addEventListener("focusin", (event) => {
  if (event.target === input()) card.querySelector(".card").classList.add("editing");
});
document.addEventListener("click", (event) => {
  lastActive = Date.now();
  const button = event.target.closest("[data-do], [data-choose]");
  if (button === null || busy) return;
  if (button.dataset.choose !== undefined) choose(Number(button.dataset.choose));
  else DEEDS[button.dataset.do]?.();
});
document.addEventListener("input", (event) => {
  if (event.target !== input()) return;
  blankAsked = false;
  recompute();
});
for (const dialog of [help, similar]) {
  dialog.querySelectorAll("[data-close]").forEach((b) => b.addEventListener("click", () => dialog.close()));
  dialog.addEventListener("close", () => card.focus({ preventScroll: true }));
}

// --- claims -------------------------------------------------------------------------------------------------

setInterval(() => {
  const idle = document.hidden || Date.now() - lastActive > 2 * PROLONG;
  if (field !== null && mayDecide && !idle && !busy) call("POST", `/api/fields/${field.id}/claim`);
}, PROLONG);
window.addEventListener("pagehide", () => {
  if (field !== null && mayDecide) navigator.sendBeacon(`/api/fields/${field.id}/release`);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

during(() => (root.dataset.field ? open(Number(root.dataset.field)) : next()));
