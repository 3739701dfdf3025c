// A photo between the shutter and the outbox: looked at, and where something is worth saying, said before it is kept.

import { findingsOf, kindOf, refusalOf } from "./checks.js";
import { readDevice } from "./device.js";
import { dropDraft, keepDraft, keptDraft } from "./draft.js";
import { metresBetween } from "./geodesy.js";
import { ask as askForPlace, showSlot } from "./holding.js";
import { lookAt } from "./look.js";
import { clockTime, h, notice, part, show, style } from "./page.js";
import { compass, now, outbox, position } from "./phone.js";
import { showBlob } from "./pictures.js";
import { isMine } from "./queue.js";
import { act, acts, emit } from "./router.js";
import { captureFrom, closeShutter, noteDraft, pendingShutter } from "./shutter.js";
import { keepPhoto, useChecks } from "./taking.js";
import { markElement } from "../marks.js";
import { checkWords } from "../photo-words.js";
import { words } from "../words.js";

const HEAD_BYTES = 32;
const NO_ROOM = { code: "no_room" };
/** The screens that may take the place of the question: from both of them it comes back. */
const PASSING = new Set(["check", "targets"]);

/** What is asked about: {capture, photo, findings, refused}; null where nothing is. */
let asked = null;
let screen = null;

/** The photo that only the person's word is missing for; null where there is none, or none that could be sent. */
function undecided() {
  return asked?.refused ? null : (asked?.capture ?? null);
}

/**
 * Keeps what was asked about and never decided on, as if "Send anyway" had been said: there is room for one question.
 * Gives whether there was room for it.
 */
async function keepUndecided() {
  const draft = (await keptDraft())?.capture;
  const refused = asked?.refused && draft?.id === asked.capture?.id;
  const captures = [undecided(), refused ? null : draft].filter(Boolean);
  for (const capture of new Map(captures.map((one) => [one.id, one])).values()) {
    try {
      if (!(await outbox.get(capture.id))) {
        await outbox.put(capture);
      }
    } catch {
      return false;
    }
    if (isMine(capture, readDevice())) {
      emit("kept", { capture });
    }
  }
  asked = null;
  await dropDraft();
  return true;
}

/** Looks at a photo that a camera has brought; keeps it, or asks first, or says why it cannot be sent. */
async function check(file, takenWith, opened) {
  if (!(await keepUndecided())) {
    await askForRoom(asked ?? (await draftAsked()));
    notice(words.storageFull);
    return;
  }
  const kind = kindOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  const refusal = refusalOf({ size: file.size, kind });
  if (refusal) {
    await ask({ capture: null, photo: null, findings: [refusal] });
    return;
  }
  let capture;
  try {
    capture = await captureFrom(file, position, compass, now.held, takenWith, opened);
  } catch {
    // The file can be there and not readable: Android gives names of pictures that lie in a cloud.
    await ask({ capture: null, photo: null, findings: [{ code: "unreachable", refused: true }] });
    return;
  }
  const held = opened?.held ?? now.held;
  if (await keepDraft({ capture, kind, held })) {
    noteDraft(capture.id, takenWith);
  }
  await judge(capture, kind, held);
}

/** Goes on with a photo that the page was ended over. */
async function resume() {
  const draft = await keptDraft();
  if (draft && isMine(draft.capture, readDevice())) {
    await judge(draft.capture, draft.kind, draft.held);
  } else if (pendingShutter()?.drafted) {
    closeShutter();
    notice(words.shutterLost);
  }
}

/** Says what there is to say of a capture, or keeps it where there is nothing. */
async function judge(capture, kind, held) {
  const look = await lookAt(capture.photo);
  const { metadata } = capture;
  const others = await outbox.all().catch(() => []);
  const known = Number.isFinite(metadata.latitude);
  const findings = findingsOf({
    metadata,
    kind,
    look,
    others: others.filter((one) => one.id !== capture.id),
    slot: capture.slot.id,
    metres: known ? metresBetween(metadata, capture.slot) : null,
    allowed_m: capture.slot.allowed_m,
    max_accuracy_m: held?.target.max_accuracy_m ?? Infinity,
    denied: position.denied,
    now: Date.now(),
  });
  capture.look = look?.hash ?? null;
  const stopping = findings.filter((one) => !one.note);
  if (stopping.length) {
    await ask({ capture, photo: capture.photo, findings });
    return;
  }
  const kept = await keep({ capture, photo: capture.photo, findings });
  if (kept && findings.length) {
    notice(checkWords[findings[0].code](findings[0]).join(" "));
  }
}

/** Keeps the capture of a question for good, or asks about the room that is missing for it. Gives whether it is kept. */
async function keep(question) {
  asked = null;
  if (await keepPhoto(question.capture)) {
    await dropDraft();
    return true;
  }
  await askForRoom(question);
  return false;
}

/** Asks about a photo that there is no room for: it stays here until there is, or until it is taken again. */
async function askForRoom(question) {
  const others = question.findings.filter(({ code }) => code !== NO_ROOM.code);
  await ask({ ...question, findings: [NO_ROOM, ...others] });
}

/** The kept draft as a question of which nothing is known. */
async function draftAsked() {
  const { capture } = await keptDraft();
  return { capture, photo: capture.photo, findings: [] };
}

/** The screen that asks: the photo, what was found, and the two ways on. Made when it is first needed. */
function build() {
  const photo = h("img", { id: "check-photo", alt: words.yourPhoto, class: "check-photo" });
  const list = h("ul", { id: "check-list", class: "findings", "data-testid": "findings" });
  const title = h("h1", { id: "check-title", "data-testid": "check-title" });
  const section = h(
    "section",
    { class: "stack check", tabindex: "0", "data-screen": "check", "aria-labelledby": "check-title" },
    title,
    photo,
    list,
  );
  const again = h("button", { class: "button main wide", type: "button", "data-act": "check-again" });
  again.append(markElement("camera", "icon"), words.takeAgain);
  const send = h("button", { class: "button wide", type: "button", "data-act": "check-send", id: "check-send" });
  send.append(words.sendAnyway);
  const foot = h("div", { "data-foot": "check", class: "foot" }, again, send);
  section.dataset.testid = "screen-check";
  section.hidden = foot.hidden = true;
  part("main").append(section);
  document.querySelector("body > footer").append(foot);
  return { photo, list, title };
}

/** One finding: its sign, the fact, then what to do. */
function line(finding) {
  const at = finding.at ? clockTime(finding.at) : "";
  const [fact, what] = checkWords[finding.code]({ ...finding, at });
  return h("li", { "data-code": finding.code }, markElement("again", "mark"), h("p", {}, h("strong", {}, fact), what));
}

/** Shows what was found, and waits for a tap. */
async function ask({ capture, photo, findings }) {
  const refused = findings.some((one) => one.refused);
  asked = { capture, photo, findings, refused };
  await style("shutter");
  screen ??= build();
  // Whatever happens meanwhile, the page stays with this photo.
  now.capture = capture;
  screen.title.textContent = refused ? words.cannotSend : words.lookAgain;
  screen.list.replaceChildren(...findings.map(line));
  showBlob(screen.photo, photo);
  part("check-send").hidden = refused;
  show("check");
}

/** Opens the camera again: the viewfinder where that was in use, else the phone's own. */
async function takeAgain() {
  const through = asked?.capture?.metadata.taken_with;
  asked = null;
  await dropDraft();
  closeShutter();
  if (!now.held) {
    // Its slot has gone meanwhile: a photo of now would be one of nothing.
    await askForPlace();
    return;
  }
  showSlot(now.held);
  if (through === "viewfinder") {
    await act("viewfinder");
  } else {
    part("photo").click();
  }
}

acts({
  "check-again": takeAgain,
  "check-send": async () => {
    const codes = asked.findings.map(({ code }) => code).filter((code) => code !== NO_ROOM.code);
    if (codes.length) {
      asked.capture.metadata.warned = codes;
    }
    await keep(asked);
  },
});

// Other modules go on to their own screens. Only the person's word leaves this one: the photo lies nowhere else.
document.addEventListener("shown", ({ detail }) => {
  if (!PASSING.has(detail.screen)) {
    queueMicrotask(() => {
      if (undecided() && !PASSING.has(document.body.dataset.screen)) {
        now.capture = undecided();
        show("check");
      }
    });
  }
});

let turn = resume();
useChecks((...photo) => {
  // One after the other: a second photo may come back while the first is looked at.
  turn = turn.catch(() => {}).then(() => check(...photo));
  return turn;
});
