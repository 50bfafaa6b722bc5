// Exact decimal arithmetic for the sums that are recomputed as one types: the same rule as document/amounts.py.
// A decimal is {digits: BigInt, places: number}: digits / 10 ** places.

const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const PLAIN = /^[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?%?$/u;
const LONGEST = 40;
const FORM = new Map([
  ["，", ","], ["、", ","], ["‚", ","], ["。", "."], ["．", "."], ["·", "."], ["•", "."], ["％", "%"], ["＋", "+"],
  ["：", ":"], ...[..."０１２３４５６７８９"].map((digit, i) => [digit, String(i)]),
  ...[..."-－﹣−–—"].map((minus) => [minus, "-"]),
]);

/** The decimal that a plain string such as "-12.30" stands for. */
export function decimal(text) {
  const negative = text.startsWith("-");
  const [whole, fraction = ""] = text.replace(/^[-+]/u, "").split(".");
  const digits = BigInt(whole + fraction);
  return { digits: negative ? -digits : digits, places: fraction.length };
}

/** What a text counts as in a sum: "1,614.45" is 1614.45; blanks, dashes and percentages are 0; null is no number. */
export function valueOf(text) {
  const compact = [...[...text].slice(0, LONGEST + 1).join("").replace(SPACE, "")].map((c) => FORM.get(c) ?? c).join("");
  if (/^-*$/u.test(compact)) return decimal("0");
  if ([...compact].length > LONGEST || !PLAIN.test(compact)) return null;
  return decimal(compact.endsWith("%") ? "0" : compact.replaceAll(",", ""));
}

function scaled(value, places) {
  return value.digits * 10n ** BigInt(places - value.places);
}

/** a + factor · b, exactly. */
export function plus(a, b, factor = 1) {
  const places = Math.max(a.places, b.places);
  return { digits: scaled(a, places) + BigInt(factor) * scaled(b, places), places };
}

/** What a sum is off by with this text in the field: rest + own · value; null where the text is no number. */
export function difference(sum, text) {
  const value = valueOf(text);
  return value === null ? null : plus(decimal(sum.rest), value, sum.own);
}

/** Whether a sum that is off by so much holds, but for rounding. */
export function holds(sum, off) {
  const size = { digits: off.digits < 0n ? -off.digits : off.digits, places: off.places };
  return plus(size, decimal(sum.tolerance), -1).digits <= 0n;
}

/** A decimal as tables print it: separators, at least this many digits behind the point, none of them lost. */
export function printed(value, decimals) {
  const negative = value.digits < 0n;
  let text = String(negative ? -value.digits : value.digits).padStart(value.places + 1, "0");
  const whole = text.slice(0, text.length - value.places);
  let fraction = text.slice(text.length - value.places).replace(/0+$/u, "");
  fraction = fraction.padEnd(decimals, "0");
  text = whole.replace(/\B(?=(?:[0-9]{3})+$)/gu, ",");
  return (negative ? "-" : "") + text + (fraction ? `.${fraction}` : "");
}
