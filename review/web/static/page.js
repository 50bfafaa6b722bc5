// A whole page beside its text: one field has the focus; arrows move it, Enter edits it, its box is marked.

import { announce, call, composing, say } from "./common.js";

const root = document.getElementById("page");
const svg = document.getElementById("picture");
const fields = [...root.querySelectorAll("[data-field]")];
const boxes = new Map([...svg.querySelectorAll("[data-box-of]")].map((b) => [b.dataset.boxOf, b]));
const mayDecide = root.dataset.mayDecide === "yes";
let editing = null; // {element, text, revision, input}

// --- moving -------------------------------------------------------------------------------------------------

function go(element, scrollPicture = true) {
  if (!element) return;
  for (const other of fields) other.tabIndex = -1;
  element.tabIndex = 0;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
  for (const box of boxes.values()) box.classList.remove("here");
  const box = boxes.get(element.dataset.field);
  box?.classList.add("here");
  if (scrollPicture) box?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function neighbour(element, key) {
  const at = fields.indexOf(element);
  const row = Number(element.dataset.row);
  const col = Number(element.dataset.col);
  const sameBlock = (other) => other.dataset.block === element.dataset.block;
  if (key === "Home" || key === "End") {
    const inRow = fields.filter((other) => sameBlock(other) && Number(other.dataset.row) === row);
    return key === "Home" ? inRow[0] : inRow[inRow.length - 1];
  }
  if (key === "ArrowLeft") return fields[at - 1];
  if (key === "ArrowRight") return fields[at + 1];
  const step = key === "ArrowDown" ? 1 : -1;
  const ahead = fields.filter((other) => sameBlock(other) && step * (Number(other.dataset.row) - row) > 0);
  if (!ahead.length) {
    const rest = step > 0 ? fields.slice(at + 1) : fields.slice(0, at).reverse();
    return rest.find((other) => !sameBlock(other));
  }
  const near = Math.min(...ahead.map((other) => step * (Number(other.dataset.row) - row)));
  const line = ahead.filter((other) => step * (Number(other.dataset.row) - row) === near);
  const gap = (other) => Math.abs(Number(other.dataset.col) - col);
  return line.reduce((best, other) => (gap(other) < gap(best) ? other : best));
}

function nextWaiting(element) {
  const at = fields.indexOf(element);
  const round = [...fields.slice(at + 1), ...fields.slice(0, at + 1)];
  return round.find((other) => other.dataset.status === "waiting");
}

// --- editing ------------------------------------------------------------------------------------------------

async function edit(element) {
  if (!mayDecide || editing || element.dataset.kind === "table") return;
  const reply = await call("POST", `/api/fields/${element.dataset.field}/claim`);
  if (reply.error) return announce(reply.error.message, "bad");
  const { text, revision } = reply.data.card;
  const input = document.createElement("input");
  input.value = text;
  input.className = "cell-input";
  input.setAttribute("aria-label", root.dataset.editLabel);
  const label = element.querySelector(".cell-text");
  label.hidden = true;
  element.append(input);
  editing = { element, text, revision, input, label };
  input.focus();
  input.select();
}

function close() {
  const { element, input, label } = editing;
  editing = null;
  input.remove();
  label.hidden = false;
  go(element);
}

function cancel() {
  const id = editing.element.dataset.field;
  close();
  call("POST", `/api/fields/${id}/release`);
}

async function save() {
  const { element, text, revision, input, label } = editing;
  const value = input.value.trim();
  const same = value === text;
  const body = { action: same ? "accept" : "edit", text: same ? null : value, revision, go_on: false };
  input.disabled = true;
  const reply = await call("POST", `/api/fields/${element.dataset.field}/decide`, body);
  if (reply.error) {
    input.disabled = false;
    input.focus();
    return announce(`${reply.error.message} ${reply.error.detail}`, "bad");
  }
  const done = reply.data.decided;
  label.textContent = done.after;
  mark(element, "decided");
  for (const id of done.settled) mark(root.querySelector(`[data-field="${id}"]`), "settled");
  for (const id of done.reopened) mark(root.querySelector(`[data-field="${id}"]`), "waiting");
  close();
  announce(say(done.action, done), "good");
}

function mark(element, status) {
  if (!element) return;
  element.dataset.status = status;
  const box = boxes.get(element.dataset.field);
  if (box) box.dataset.status = status;
}

// --- keys and clicks ----------------------------------------------------------------------------------------

function onKey(event) {
  if (composing(event) || event.altKey || event.metaKey || event.ctrlKey) return;
  if (editing) {
    if (event.key === "Enter" && !event.repeat) {
      event.preventDefault();
      save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      cancel();
    }
    return;
  }
  const element = event.target.closest("[data-field]");
  if (event.key.toLowerCase() === "n" && !event.target.closest("input, select")) {
    event.preventDefault();
    go(nextWaiting(element ?? fields[fields.length - 1]));
  } else if (element && /^(Arrow|Home|End)/u.test(event.key)) {
    event.preventDefault();
    go(neighbour(element, event.key));
  } else if (element && (event.key === "Enter" || event.key === "F2")) {
    event.preventDefault();
    if (!event.repeat) edit(element);
  } else if (element && event.key.toLowerCase() === "o") {
    window.location.assign(`/fields/${element.dataset.field}`);
  }
}

document.addEventListener("keydown", onKey);
svg.addEventListener("click", (event) => {
  const box = event.target.closest("[data-box-of]");
  if (box && !editing) go(root.querySelector(`[data-field="${box.dataset.boxOf}"]`), false);
});
root.addEventListener("click", (event) => {
  const element = event.target.closest("[data-field]");
  if (element && !editing) go(element);
});
root.addEventListener("dblclick", (event) => {
  const element = event.target.closest("[data-field]");
  if (element) edit(element);
});
for (const select of document.querySelectorAll("form[data-auto] select")) {
  select.addEventListener("change", () => window.location.assign(select.value));
}

const asked = window.location.hash.match(/^#field-(\d+)$/u);
go(asked ? root.querySelector(`[data-field="${asked[1]}"]`) : (nextWaiting(fields[fields.length - 1]) ?? fields[0]));
