// Lists: a filter applies as soon as it is chosen; Enter starts the review.

import { composing } from "./common.js";

for (const select of document.querySelectorAll("form[data-auto] select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

document.addEventListener("keydown", (event) => {
  const start = document.getElementById("start");
  if (composing(event) || event.key !== "Enter" || event.repeat || start === null) return;
  if (event.target === document.body || event.target.id === "main") start.click();
});
