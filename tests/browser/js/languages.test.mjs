// Four languages say the same things: the same sentences, in the same forms, with nothing of the English left over.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES, localeFor, metresText, plural, setLocale } from "../../../static/words/measures.js";

const STATIC = new URL("../../../static/", import.meta.url);
const OTHERS = LANGUAGES.filter((code) => code !== "en");
const ROOMS = readdirSync(new URL("words/", STATIC)).filter((name) => name.startsWith("en-"));
const spoken = Object.fromEntries(
  await Promise.all(
    LANGUAGES.map(async (code) => {
      const names = [`${code}.js`, ...ROOMS.map((name) => name.replace("en-", `${code}-`))];
      const parts = await Promise.all(names.map((name) => import(new URL(`words/${name}`, STATIC))));
      return [code, Object.assign({}, ...parts)];
    }),
  ),
);
/** What is written alike in two languages, by its path. */
const ALIKE = {
  fr: ["words.safeShort", "board.leftOne", "photoWords.line", "photoWords.size"],
  es: ["words.safeShort", "board.leftOne", "photoWords.line", "photoWords.size"],
  de: ["words.safeShort", "board.leftOne", "photoWords.line", "photoWords.size", "words.live"],
};

/** Every leaf of a language as [path, value]. */
function leaves(value, path) {
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
  }
  return [[path, value]];
}

/** The leaves of a language's objects. */
function all(code) {
  return Object.entries(spoken[code]).flatMap(([name, value]) => leaves(value, name));
}

/** What kind of thing a leaf is: a sentence, or a function of so many values. */
function kind(value) {
  return typeof value === "function" ? `function of ${value.length}` : typeof value;
}

/** Something that is a value, and has the same value under every name: functions take values, or an object of them. */
function stand(sample) {
  const get = (_target, name) => (name === Symbol.toPrimitive ? () => sample : sample);
  return new Proxy({}, { get });
}

/** What a leaf says; functions are asked with numbers, and with a name. */
function said(value) {
  const ask = (sample) => {
    const given = Array(value.length).fill(stand(sample));
    return leaves(value(...given), "").map(([, text]) => text).join("|");
  };
  return typeof value === "function" ? [ask(1), ask(7), ask("Ada")].join("|") : value;
}

test("every language has the same sentences in the same forms", () => {
  const expected = all("en").map(([path, value]) => `${path}: ${kind(value)}`);
  for (const code of OTHERS) {
    const found = all(code).map(([path, value]) => `${path}: ${kind(value)}`);
    assert.deepEqual(found.toSorted(), expected.toSorted(), code);
  }
});

test("nothing is left in English", () => {
  const english = new Map(all("en"));
  for (const code of OTHERS) {
    const same = all(code).filter(([path, value]) => said(value) === said(english.get(path)) && /\p{L}{2}/u.test(said(value)));
    assert.deepEqual(
      same.map(([path]) => path).filter((path) => !ALIKE[code].includes(path)),
      [],
      code,
    );
  }
});

test("what a sentence is given, it says in every language", () => {
  const english = new Map(all("en"));
  for (const code of LANGUAGES) {
    for (const [path, value] of all(code)) {
      for (const given of ["Ada", "7"]) {
        if (typeof value === "function" && said(english.get(path)).includes(given)) {
          assert.ok(said(value).includes(given), `${code} ${path} leaves out what it is given`);
        }
      }
      assert.doesNotMatch(said(value), /\d (m|km|ft|mi|min|h|s)(?!\p{L})/u, `${code} ${path} parts a number from its unit`);
      assert.doesNotMatch(said(value), /undefined/, `${code} ${path}`);
    }
  }
});

/** What a script asks for, as "object.key": some scripts call the sentences of their room by a shorter name. */
function askedBy(text) {
  const shorter = [...text.matchAll(/\{ (\w+): (\w+) \} = await MODULES/g)].map(([, name, here]) => [here, name]);
  const names = new Map([["boardWords", "board"], ...shorter]);
  const asks = [...text.matchAll(/\b(words|say|\w+Words)\.(?!js\b)([a-zA-Z]\w*)/g)];
  return asks.map(([, name, key]) => `${names.get(name) ?? name}.${key}`);
}

test("every sentence that a script asks for exists", () => {
  const scripts = readdirSync(STATIC, { recursive: true })
    .filter((name) => name.endsWith(".js") && !/^(vendor|words)\//.test(name))
    .map((name) => readFileSync(new URL(name, STATIC), "utf8"));
  const asked = new Set(scripts.flatMap(askedBy));
  const there = Object.entries(spoken.en).flatMap(([name, kept]) => Object.keys(kept).map((key) => `${name}.${key}`));
  const known = new Set([...there, "words.ahead"]);
  assert.ok(asked.size > 200);
  assert.deepEqual([...asked].filter((one) => !known.has(one)), []);
  const first = Object.keys(spoken.en.words).map((key) => `words.${key}`);
  assert.deepEqual(first.filter((one) => !asked.has(one)), [], "nobody says these");
});

test("the locale is the page's language with the reader's region", () => {
  assert.equal(localeFor("de", ["en-US", "de-AT", "de"]), "de-AT");
  assert.equal(localeFor("fr", ["en-US"]), "fr");
  assert.equal(localeFor("en", ["en"]), "en");
});

test("distances in the units and signs of the reader", () => {
  const samples = [11.4, 280, 994.6, 1234, 23_456];
  const written = {
    "en-GB": ["11 m", "280 m", "995 m", "1.2 km", "23 km"],
    "en-US": ["37 ft", "919 ft", "0.6 mi", "0.8 mi", "15 mi"],
    "de-AT": ["11 m", "280 m", "995 m", "1,2 km", "23 km"],
    fr: ["11 m", "280 m", "995 m", "1,2 km", "23 km"],
    "es-US": ["37 ft", "919 ft", "0.6 mi", "0.8 mi", "15 mi"],
  };
  for (const [locale, texts] of Object.entries(written)) {
    setLocale(locale);
    const expected = texts.map((text) => text.replace(" ", "\u00a0"));
    assert.deepEqual(samples.map(metresText).map((text) => text.replace("pies", "ft")), expected, locale);
  }
  setLocale("en");
});

test("plural forms are those of the language", () => {
  const forms = { one: "one", other: "other" };
  const forEach = (locale) => {
    setLocale(locale);
    return [0, 1, 2].map((n) => plural(n, forms));
  };
  assert.deepEqual(forEach("en"), ["other", "one", "other"]);
  assert.deepEqual(forEach("fr"), ["one", "one", "other"]);
  setLocale("en");
});
