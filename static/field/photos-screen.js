// "My photos": what of everything this person took is safe on the server, what is not and why, and what can be done.

import { arrange } from "./arrange.js";
import { readDevice } from "./device.js";
import { knownTarget } from "./hand.js";
import { onNetworkChange, tellsWifi, waitsForWifi } from "./network.js";
import { sender } from "./outgoing.js";
import { part, say, style } from "./page.js";
import { factPlate, PhotoRow, problemCard, tile } from "./photo-row.js";
import { now, outbox } from "./phone.js";
import { isListed, isMine, oldWaiting, stateOf, tallyOf } from "./queue.js";
import { act, bus } from "./router.js";
import { smallOf } from "./small.js";
import { askToKeep, freeRoom, roomLevel } from "./storage.js";
import { unsentZip } from "./unsent-zip.js";
import { photoWords } from "../photo-words.js";
import { clockText, currentLocale, dayText, words } from "../words.js";

const SHOWN = 5;
const MOST_TILES = 60;
const TILE_ORDER = { safe: 0, sending: 1, waiting: 2, problem: 3 };
const FORGET_AFTER_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;

const dialog = part("photos");
const rows = new Map();
const cards = new Map();
let kept = null;
let drawing = null;

/** "just now", "2 minutes ago": how long something has been past. */
function agoText(since) {
  const minutes = Math.max(0, Math.round((Date.now() - since) / MINUTE_MS));
  if (minutes < 1) {
    return photoWords.justNow;
  }
  const [value, unit] =
    minutes < 60 ? [minutes, "minute"] : minutes < 1440 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  return new Intl.RelativeTimeFormat(currentLocale(), { numeric: "auto" }).format(-Math.round(value), unit);
}

/** What everything is drawn from, read at once. */
async function read() {
  const device = readDevice();
  const [all, wifiOnly, countedAt, free] = await Promise.all([
    outbox.all(),
    outbox.kept("wifi-only"),
    outbox.kept("counted-at"),
    freeRoom(),
  ]);
  const mine = all.filter((one) => isMine(one, device));
  const others = all.filter((one) => !isMine(one, device) && !one.safe && isListed(one));
  return { mine, others, wifiOnly: Boolean(wifiOnly), countedAt: countedAt ?? null, free, tally: tallyOf(mine) };
}

/** Draws the headline: the server's own count. */
function drawCount({ tally, countedAt }) {
  say("photos-count", photoWords.count(tally.have, tally.total));
  const counted = countedAt ? photoWords.counted(agoText(countedAt)) : photoWords.notCounted;
  say("photos-counted", tally.total ? counted : photoWords.none);
  say("photos-signal", photoWords.signal[sender.signal]);
}

/** Draws one tile for each photo, the safe ones first; the row says in words how many there are of each. */
function drawTiles(all, sending) {
  const listed = [...all].sort((a, b) => TILE_ORDER[stateOf(a, sending)] - TILE_ORDER[stateOf(b, sending)]);
  const states = listed.map((one) => stateOf(one, sending));
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length;
  const text = photoWords.tiles(count("safe"), count("sending", "waiting"), count("problem"));
  part("photos-tiles").ariaLabel = text;
  part("photos-tiles").hidden = listed.length === 0;
  part("photos-tiles").replaceChildren(...listed.slice(-MOST_TILES).map((one) => tile(one, sending)));
}

/** Draws what everybody has to know before the list: no key, no room, old photos, somebody else's. */
function drawPlates({ mine, others, free }) {
  const plates = [];
  if (sender.lost) {
    plates.push(factPlate(photoWords.lost, photoWords.lostLong, "plate-lost"));
  }
  const old = oldWaiting(mine, Date.now());
  if (old) {
    plates.push(factPlate(photoWords.old(old.count, old.days), photoWords.oldLong, "plate-old"));
  }
  const level = roomLevel(free);
  if (level !== "fine") {
    const fact = level === "full" ? words.roomFull : photoWords.roomShort(photoWords.size(free));
    plates.push(factPlate(fact, words.roomLong, "plate-room"));
  }
  if (others.length > 0) {
    plates.push(factPlate(photoWords.others(others.length), photoWords.othersLong, "plate-others"));
  }
  part("photos-plates").replaceChildren(...plates);
}

/** Draws the cards of the photos that need somebody; one that has not changed stays as it is. */
function drawProblems(listed) {
  const wanted = listed.filter((one) => stateOf(one) === "problem");
  const drawn = wanted.map((one) => {
    const key = JSON.stringify([one.problem, one.problem_text, now.held?.assignment]);
    if (cards.get(one.id)?.key !== key) {
      cards.set(one.id, { key, element: problemCard(one, now.held) });
    }
    return cards.get(one.id).element;
  });
  arrange(part("photos-problems"), drawn);
}

/** The row of a photo, with its small picture on the way. */
function rowOf(capture, about) {
  if (!rows.has(capture.id)) {
    const row = new PhotoRow(capture);
    rows.set(capture.id, row);
    smallOf(outbox, capture).then((blob) => {
      row.show(blob);
      drawSoon();
    });
  }
  rows.get(capture.id).set(capture, about);
  return rows.get(capture.id).element;
}

/** Draws the list: what is on its way first, then the latest; what is safe and longer ago is folded up. */
function drawList(listed, about) {
  const order = { sending: 0, waiting: 1, safe: 2 };
  const state = (one) => stateOf(one, about.sending);
  const shown = listed
    .filter((one) => state(one) !== "problem")
    .sort((a, b) => order[state(a)] - order[state(b)] || b.kept_at - a.kept_at);
  const open = shown.filter((one, place) => state(one) !== "safe" || place < SHOWN);
  const rest = shown.slice(open.length);
  arrange(
    part("photos-list"),
    open.map((one) => rowOf(one, about)),
  );
  part("photos-more").hidden = rest.length === 0;
  say("photos-more-words", photoWords.more(rest.length));
  arrange(
    part("photos-rest"),
    rest.map((one) => rowOf(one, about)),
  );
}

/** Draws the switch and the two buttons. */
function drawFoot({ mine, wifiOnly, tally, others }) {
  const wifi = part("photos-wifi");
  wifi.checked = wifiOnly && tellsWifi();
  wifi.disabled = !tellsWifi();
  const said = wifi.checked ? photoWords.wifiOn : photoWords.wifiOff;
  say("photos-wifi-words", tellsWifi() ? said : photoWords.wifiUnknown);
  const unsent = tally.unsent + others.length;
  part("photos-free").textContent = tally.freeable ? photoWords.free(tally.freeable) : photoWords.nothingToFree;
  part("photos-free").disabled = tally.freeable === 0;
  part("photos-save").disabled = unsent === 0;
  say("photos-foot-words", unsent === 0 && mine.length > 0 ? photoWords.nothingUnsent : photoWords.freesOnly);
  const aside = mine.filter((one) => !isListed(one)).length;
  say("photos-aside-words", photoWords.aside(aside));
  part("photos-aside").hidden = aside === 0;
  say("photos-kept", kept ? photoWords.kept[kept] : "");
}

/** Draws everything. */
async function draw() {
  const data = await read();
  const listed = data.mine.filter(isListed);
  const { lost, sending, signal } = sender;
  const about = { sending, lost, online: signal !== "none", wifi: waitsForWifi(data.wifiOnly) };
  drawCount(data);
  drawTiles(listed, sending);
  drawPlates(data);
  drawProblems(listed);
  drawList(listed, about);
  drawFoot(data);
}

/** Draws soon, and once for many reasons at a time. */
function drawSoon() {
  if (dialog.open) {
    drawing ??= setTimeout(() => {
      drawing = null;
      draw();
    }, 60);
  }
}

/** Says what a tap has done; empty takes it away. */
function tellDone(text) {
  say("photos-notice-words", text);
  part("photos-notice").hidden = !text;
}

/** Asks the server for its count, and forgets what has been safe and freed for a month. */
async function countAgain() {
  const long = (one) => one.safe && one.freed && Date.now() - one.kept_at > FORGET_AFTER_MS;
  const gone = (await sender.mine()).filter(long).map(({ id }) => id);
  await outbox.forget(gone);
  await sender.check(true).catch(() => {});
  sender.kick();
}

/** Opens the screen; the back button of the phone closes it. */
async function open() {
  await style("photos");
  tellDone("");
  await draw();
  if (!dialog.open) {
    history.pushState({ photos: true }, "");
    dialog.showModal();
    part("photos-name").focus();
  }
  kept = await askToKeep();
  await countAgain();
  drawSoon();
}

/** Closes the screen, by way of the history, so that "back" does not come here again. */
async function close() {
  if (history.state?.photos) {
    const left = new Promise((resolve) => addEventListener("popstate", resolve, { once: true }));
    history.back();
    await left;
  }
  dialog.close();
}

/** Hands a file over to the browser's downloads. */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), MINUTE_MS);
}

/** Saves what is unsent, everybody's, as one file among the downloads. */
async function save() {
  const unsent = (await outbox.all()).filter((one) => !one.safe);
  const whole = await Promise.all(unsent.map(({ id }) => outbox.get(id)));
  const today = new Date();
  const name = knownTarget()?.name ?? "Capturegraph";
  const readme = photoWords.readme(whole.length, name, `${dayText(today)}, ${clockText(today)}`);
  try {
    download(await unsentZip(whole, readme, today), `${photoWords.fileName}-${today.toISOString().slice(0, 10)}.zip`);
    tellDone(photoWords.saved);
  } catch {
    tellDone(photoWords.saveFailed);
  }
}

/** Frees what is safe, after the server has said once more that it is. */
async function free() {
  try {
    const bytes = await sender.free((capture) => smallOf(outbox, capture));
    tellDone(photoWords.freedNow(bytes));
  } catch {
    tellDone(photoWords.freeFailed);
  }
  await draw();
}

/** What taps on this screen do. */
export const acts = {
  photos: open,
  "photos-close": close,
  "photos-save": save,
  "photos-free": free,
  "photos-retry": async (button) => {
    await sender.retry(button.dataset.id);
    await draw();
  },
  "photos-aside": async (button) => {
    await outbox.change(button.dataset.id, { aside_at: Date.now() });
    bus.dispatchEvent(new CustomEvent("sending", { detail: { kind: "change" } }));
    await draw();
  },
  "photos-bring-back": async () => {
    for (const { id } of (await sender.mine()).filter((one) => !isListed(one))) {
      await outbox.change(id, { aside_at: null });
    }
    bus.dispatchEvent(new CustomEvent("sending", { detail: { kind: "change" } }));
    await draw();
  },
  "photos-again": async () => {
    await close();
    await act("again");
  },
  "photos-release": async () => {
    await close();
    await act("release");
  },
};

part("photos-wifi").addEventListener("change", async ({ target }) => {
  await outbox.keep("wifi-only", target.checked);
  await draw();
  sender.kick(true);
});
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});
addEventListener("popstate", () => dialog.open && dialog.close());
bus.addEventListener("sending", ({ detail }) => {
  if (detail.kind === "progress") {
    rows.get(detail.id)?.progress(detail.sent);
  }
  if (detail.kind !== "progress" || rows.get(detail.id)?.element.dataset.state === "waiting") {
    drawSoon();
  }
});
onNetworkChange(drawSoon);
setInterval(drawSoon, MINUTE_MS);
