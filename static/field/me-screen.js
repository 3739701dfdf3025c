// Who I am here, what I take part in, and what I can do about what is kept of me.

import { call } from "./api.js";
import { keep, newId, readDevice, writeDevice } from "./device.js";
import { forgetPerson, forgetPhotos } from "./forgetting.js";
import { Outbox } from "./outbox.js";
import { h, notice, part, say } from "./page.js";
import { isMine, tallyOf } from "./queue.js";
import { acts, listen, run } from "./router.js";
import { flush } from "./waiting.js";
import { clockText, dayText, words } from "../words.js";

const SCREENS = ["start", "stranger", "me", "erased"];
const DATA_FILE = "capturegraph-my-data.zip";
const MINUTE_MS = 60_000;
let me = null;

/** Shows one of the screens. */
function show(screen) {
  for (const one of SCREENS) {
    part(`screen-${one}`).hidden = one !== screen;
  }
}

/** Says that something has been done; empty takes it away. */
function tellDone(text) {
  part("done").hidden = !text;
  part("done-words").textContent = text;
}

/** A new row of a list from its template, with its parts by name. */
function rowFrom(template) {
  const row = part(template).content.firstElementChild.cloneNode(true);
  const parts = Object.fromEntries([...row.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
  return { row, parts };
}

/** The paragraphs of a text that people wrote. */
function paragraphs(text) {
  return text.split(/\n{2,}/).map((one) => h("p", {}, one));
}

/** One target with what I did there, what I agreed to, and the ways on. */
function targetRow(member) {
  const { row, parts } = rowFrom("target-row");
  const here = member.target.id === readDevice().target;
  row.dataset.target = member.target.id;
  parts.name.textContent = member.target.name;
  parts.tally.textContent = words.myTally(member.photos, member.places);
  parts.here.hidden = !here;
  row.querySelector("[data-act=go-here]").hidden = here;
  parts.due.hidden = !member.consent_due;
  row.querySelector("[data-act=agree]").textContent = member.consent_due ? words.readWords : "";
  row.querySelector("[data-act=agree]").closest("[data-part]").hidden = !member.consent_due;
  parts.agreed.hidden = !member.consented_at;
  if (member.consented_at) {
    parts["agreed-at"].textContent = words.agreedOn(dayText(Date.parse(member.consented_at)));
    parts["agreed-text"].append(...paragraphs(member.consent_text || words.agreedPlain));
  }
  return row;
}

/** One phone, when it was last used, and the way to sign it out. */
function phoneRow(phone) {
  const { row, parts } = rowFrom("phone-row");
  row.dataset.phone = phone.id;
  parts.which.textContent = phone.this ? words.thisPhone : words.otherPhone;
  parts.used.textContent = words.lastUsed(dayText(Date.parse(phone.last_seen_at)));
  parts.what.textContent = phone.this ? words.signOutThis : words.signOutOther;
  return row;
}

/** Draws everything that the server said of me. */
function draw(phones) {
  part("my-name").textContent = me.name;
  part("targets").replaceChildren(...me.memberships.map(targetRow));
  part("phones").replaceChildren(...phones.map(phoneRow));
  part("has-login").hidden = !me.username;
  part("login-form").hidden = Boolean(me.username);
  part("login-words").textContent = me.username ? words.logsInAs(me.username) : "";
  part("confirm-label").textContent = words.writeName(me.name);
  show("me");
}

/** Asks the server who I am, and draws it. */
async function load() {
  me = await call("GET", "me/");
  const { results } = await call("GET", "me/devices/");
  draw(results);
}

/** This phone speaks for nobody any more; what it knew of the person goes. */
async function forgetMe() {
  await forgetPerson(new Outbox());
  show("stranger");
}

/** Shows another target on this phone from now on. */
function goTo(target) {
  writeDevice({ ...readDevice(), target });
  keep("capturegraph.target", null);
}

/** How many photos of a target this person has only here, after a try to send them; those with a problem do not count. */
async function waitingFor(target) {
  const device = readDevice();
  const waits = (one) => isMine(one, device) && one.target === target && !one.safe && !one.aside_at && one.problem === null;
  const count = async () => (await new Outbox().all().catch(() => [])).filter(waits).length;
  if (await count()) {
    const { sender } = await import("./outgoing.js");
    await sender.kick(true);
  }
  return count();
}

/** The id that a row of a list is about. */
function rowOf(button, name) {
  return button.closest(`[data-${name}]`).dataset[name];
}

/** Shows the present words of a target; the second tap agrees to them. */
async function agree(button) {
  const id = rowOf(button, "target");
  const shown = button.parentElement.querySelector("[data-part=new-text]");
  if (!button.dataset.version) {
    const target = await call("GET", `targets/${id}/`);
    const { consent_text, safety_note, run_by, contact, kept_for, photo_licence, shown_to_all } = target;
    const facts = [consent_text, safety_note, run_by, contact, kept_for, photo_licence, shown_to_all];
    shown.replaceChildren(...facts.filter(Boolean).flatMap(paragraphs));
    button.dataset.version = target.consent_version;
    button.textContent = words.agree;
    return;
  }
  await call("POST", "me/consent/", { target: id, version: Number(button.dataset.version) });
  tellDone(words.agreedNow);
  await load();
}

/** Leaves a target, once its photos are sent; where this phone was on it, it goes on with another one. */
async function leave(button) {
  const id = rowOf(button, "target");
  const waiting = await waitingFor(id);
  if (waiting) {
    const { photoWords } = await import("../photo-words.js");
    notice(photoWords.leaveLater(waiting));
    return;
  }
  await call("DELETE", `me/targets/${id}/`);
  const other = me.memberships.find(({ target }) => target.id !== id)?.target.id ?? null;
  if (readDevice().target === id) {
    goTo(other);
  }
  tellDone(words.left);
  await load();
}

/** Signs a phone out, this one too. */
async function signOut(button) {
  const id = rowOf(button, "phone");
  const here = id === readDevice().device_id;
  if (here) {
    // What was said without signal is this person's, and nobody could say it afterwards.
    await flush().catch(() => {});
  }
  await call("DELETE", `me/devices/${id}/`);
  if (here) {
    await forgetMe();
    return;
  }
  tellDone(words.signedOut);
  await load();
}

/** A link for another phone, as a picture too. */
async function addPhone() {
  const made = await call("POST", "me/devices/link/", { operation_id: newId() });
  const until = Date.parse(made.expires_at);
  part("link-qr").src = made.qr;
  part("link").value = made.link;
  part("link-until").textContent = words.linkUntil(`${dayText(until)}, ${clockText(until)}`);
  part("new-phone").hidden = false;
  part("new-phone").focus();
}

/** Gives the browser a file to keep with everything about me. */
async function exportData() {
  const answer = await fetch("/api/v1/me/export/", {
    credentials: "omit",
    headers: { Authorization: `Bearer ${readDevice().token}` },
  }).catch(() => null);
  if (!answer?.ok) {
    notice(words.noSignal);
    return;
  }
  const address = URL.createObjectURL(await answer.blob());
  const link = h("a", { href: address, download: DATA_FILE });
  document.body.append(link);
  link.click();
  link.remove();
  // Not at once: some browsers read it only after the tap.
  setTimeout(() => URL.revokeObjectURL(address), MINUTE_MS);
  tellDone(words.exported);
}

/** Runs what a form asks for; a refusal stands beside the field that it is about. */
async function submit(form, work) {
  const problem = part(`${form}-problem`);
  const button = part(`${form}-form`).querySelector("[type=submit]");
  problem.hidden = true;
  tellDone("");
  await run(button, async () => {
    try {
      await work();
    } catch (error) {
      if (!(error.status >= 400 && error.status < 500 && error.status !== 401)) {
        throw error;
      }
      part(`${form}-problem-words`).textContent = error.errors[0]?.reason ?? error.message;
      problem.hidden = false;
      part(error.errors[0]?.field)?.focus();
    }
  });
}

/** Chooses a log-in name and a password. */
async function addLogin() {
  const { username } = await call("PUT", "me/login/", {
    username: part("username").value.trim(),
    password: part("password").value,
  });
  part("password").value = "";
  tellDone(words.logsInAs(username));
  await load();
  part("done").scrollIntoView({ block: "nearest" });
}

/** Erases me on the server, then what this phone knew. */
async function erase() {
  const { text } = await call("DELETE", "me/", { confirm: part("confirm").value });
  await forgetPhotos(new Outbox(), readDevice(), me.formerly ?? []);
  await forgetMe();
  say("erased-words", text);
  show("erased");
  part("screen-erased").focus();
}

/** Says before erasing how many photos are only on this phone. */
async function countUnsent() {
  const device = readDevice();
  const { unsent } = tallyOf((await new Outbox().all()).filter((one) => isMine(one, device)));
  part("erase-unsent").hidden = !unsent;
  part("erase-unsent-words").textContent = unsent ? words.unsent(unsent) : "";
}

acts({
  "add-phone": addPhone,
  "sign-out": signOut,
  "go-here": async (button) => {
    goTo(rowOf(button, "target"));
    location.assign("/field/");
  },
  export: exportData,
  agree,
  leave,
});
listen();
part("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit("login", addLogin);
});
part("erase-form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit("erase", erase);
});
part("erase").addEventListener("toggle", () => countUnsent().catch(() => {}));
if (readDevice()?.user) {
  run(null, load);
} else {
  show("stranger");
}
