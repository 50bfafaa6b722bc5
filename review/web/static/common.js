// What all pages share: the words, calls to the server, and what is said aloud.

export const words = JSON.parse(document.body.dataset.words);

/** A sentence with its values filled in. */
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/gu, (_, name) => String(values[name]));
}

/** Show a message in the status line; screen readers read it. */
export function announce(text, tone = "plain") {
  const line = document.getElementById("say");
  line.textContent = text;
  line.dataset.tone = tone;
}

/** Call the server: {data} or {error: {code, message, detail}}; never throws. */
export async function call(method, path, body) {
  const options = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(path, options);
    const data = await response.json();
    if (response.status === 401) window.location.assign(`/login?next=${encodeURIComponent(here())}`);
    return response.ok ? { data } : { error: data.error };
  } catch {
    return { error: { code: "offline", message: say("offline"), detail: "" } };
  }
}

function here() {
  return window.location.pathname + window.location.search;
}

/** Whether a key belongs to an input method that is composing Chinese (229: some browsers' last key of it). */
export function composing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** Put HTML from our own templates (escaped there) in place of an element's content. */
export function fill(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  element.replaceChildren(template.content);
}

/** A picture as an object URL, or an error for the reader. */
export async function picture(path) {
  try {
    const response = await fetch(path, { credentials: "same-origin" });
    if (response.ok) return { url: URL.createObjectURL(await response.blob()) };
    return { error: (await response.json()).error.message };
  } catch {
    return { error: say("offline") };
  }
}
