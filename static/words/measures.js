// Numbers, distances and times as people of a place write them. A number never parts from its unit.

const NBSP = "\u00a0";
/** Regions whose people think in feet and miles. */
const IN_FEET = new Set(["US", "LR", "MM"]);
const METRES_A_FOOT = 0.3048;
const METRES_A_MILE = 1609.344;
const WALKED_A_MINUTE = 75;

/** The languages that sentences exist in; the first is the one that all others are translated from. */
export const LANGUAGES = ["en", "fr", "es", "de"];

let locale = "en";
let inFeet = false;

/**
 * The locale of a page: its language, with the region of the reader's browser.
 * @param {string} language what the page is written in: "de"
 * @param {readonly string[]} preferred the reader's own choice, best first: ["de-AT", "en-US"]
 * @returns {string} "de-AT"; the language alone where the browser names no region for it
 */
export function localeFor(language, preferred) {
  const [base] = language.split("-");
  return preferred.find((tag) => tag.split("-")[0] === base && tag !== base) ?? base;
}

/** Writes numbers and units for a locale from now on: "en-US" in feet. */
export function setLocale(tag) {
  locale = tag;
  inFeet = IN_FEET.has(new Intl.Locale(tag).region);
}

/** The locale that numbers and times are written for. */
export function currentLocale() {
  return locale;
}

/** "1,234.5": a number with so many decimals. */
export function numberText(value, decimals = 0) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(locale, digits).format(value);
}

/** A number and its unit, apart: {figure: "1.4", unit: "km"}. */
function measured(value, unit, decimals) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const parts = new Intl.NumberFormat(locale, { style: "unit", unit, ...digits }).formatToParts(value);
  const name = parts.find(({ type }) => type === "unit").value;
  return { figure: numberText(value, decimals), unit: name };
}

/** The figure and the unit of a distance apart, for the one large number: metres or feet, kilometres or miles. */
export function metresParts(metres) {
  if (inFeet) {
    const feet = metres / METRES_A_FOOT;
    const miles = metres / METRES_A_MILE;
    return feet < 999.5 ? measured(feet, "foot", 0) : measured(miles, "mile", miles < 9.95 ? 1 : 0);
  }
  const kilometres = metres / 1000;
  return metres < 995 ? measured(metres, "meter", 0) : measured(kilometres, "kilometer", kilometres < 9.95 ? 1 : 0);
}

/** "11 m", "1.4 km", "36 ft": a distance as people say it. */
export function metresText(metres) {
  const { figure, unit } = metresParts(metres);
  return figure + NBSP + unit;
}

/** "3.1" of megabytes */
export function megabytes(bytes) {
  return numberText(bytes / 1e6, 1);
}

/** "5 min", "1 h 12 min": whole minutes, the signs being the same in every language. */
export function minutesText(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours && `${hours}${NBSP}h`, (rest || !hours) && `${rest}${NBSP}min`].filter(Boolean).join(NBSP);
}

/** How many minutes a way takes on foot, at 4.5 km an hour; at least one. */
export function walkMinutes(metres) {
  return Math.max(1, Math.round(metres / WALKED_A_MINUTE));
}

/** A clock time in this phone's zone: "14:12", "2:12 PM". */
export function clockText(moment) {
  return new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(moment).replaceAll(" ", NBSP);
}

/** A day in this phone's zone: "21 Nov 2026". */
export function dayText(moment) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(moment);
}

/**
 * The form of a sentence that goes with a number, by the rules of the language.
 * @param {number} n
 * @param {{one?: string, many?: string, other: string}} forms for fr "one" holds 0 too
 */
export function plural(n, forms) {
  return forms[new Intl.PluralRules(locale).select(n)] ?? forms.other;
}
