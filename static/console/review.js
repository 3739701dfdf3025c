// The review room: one photograph on the stage, claimed for this reviewer, and the next one claimed and loaded behind it.

import { No, operation, readPhoto, send } from "./review-calls.js";
import { listen } from "./review-keys.js";
import { compare, count, counted, empty, filled, isOpen, open, say, show, spoken, state, told, trouble } from "./review-stage.js";

const RENEW_MS = 120_000;
const LOOK_MS = 60_000;
const AGAIN_MS = 4_000;
const at = (id) => document.getElementById(id);
const room = at("room");
const { target } = room.dataset;

/** What is on the stage and what comes after it, each `{claim, parts}`; `next` may still be on its way. */
let [now, next] = [null, null];
let busy = false;

async function claimed(answer) {
  count(answer);
  const { claim } = answer;
  return claim ? { claim, parts: await readPhoto(`${room.dataset.photo}${claim.capture}/`) } : { claim, reason: answer.reason };
}

async function ask(after = []) {
  return claimed(await send("review/next/", { target, after }));
}

/** Claims and loads the one after, while this one is looked at; where that fails, it is asked for when its turn comes. */
function prepare() {
  next = ask([now.claim.capture]).catch(() => null);
}

async function present(one) {
  now = one.claim ? one : null;
  if (!now) {
    next = null;
    empty(one.reason.text);
    say(one.reason.text);
    return;
  }
  await now.parts.ready;
  show(now);
  prepare();
}

async function advance(...before) {
  const prepared = await next;
  next = null;
  // Nothing was there when that was asked; something may have come since.
  const one = prepared?.claim ? prepared : await ask();
  await present(one);
  say(...before, now ? told() : one.reason.text);
}

const wait = (milliseconds) =>
  new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    const at_once = () => [clearTimeout(timer), done()];
    at("again").addEventListener("click", at_once, { once: true });
    addEventListener("online", at_once, { once: true });
  });

/** Does something until the server has heard it: the same operation each time, so that it is done once. */
async function surely(work, sentence) {
  for (;;) {
    try {
      const answer = await work();
      trouble();
      return answer;
    } catch (no) {
      if (!(no instanceof No) || !no.passes) {
        throw no;
      }
      trouble(sentence, true);
      await wait(AGAIN_MS);
    }
  }
}

function who({ review, reviewed_by: by, looked_at_by: looks }) {
  return [by ?? looks, spoken.states[review]].filter(Boolean).join(", ");
}

/** One thing at a time: what is pressed meanwhile is passed over. */
async function once(work) {
  if (busy) {
    return;
  }
  busy = true;
  room.dataset.busy = "yes";
  try {
    trouble();
    await work();
  } catch (no) {
    if (!(no instanceof No)) {
      throw no;
    }
    if (no.code === "claim_lost") {
      const sentence = filled(spoken.lost, who(no.present));
      await surely(() => advance(sentence), spoken.offline);
      trouble(sentence);
    } else {
      trouble(no.message || spoken.offline);
      say(no.message);
    }
  } finally {
    busy = false;
    delete room.dataset.busy;
  }
}

function verdict(said, sentence) {
  const { capture, token } = now.claim;
  const body = { ...said, token, operation_id: operation() };
  return once(async () => {
    await surely(() => send(`captures/${capture}/review/`, body), spoken.waits);
    close();
    await surely(() => advance(sentence), spoken.offline);
  });
}

function close() {
  open("why", false);
  open("link-to", false);
  at("note").value = "";
}

function reject(reason) {
  const note = at("note").value.trim();
  return verdict({ verdict: "rejected", reason, note }, spoken.rejected);
}

function skip() {
  const { capture, token } = now.claim;
  const body = { token, skip: true, operation_id: operation() };
  return once(async () => {
    await surely(() => send(`captures/${capture}/claim/give-back/`, body), spoken.waits);
    close();
    await surely(() => advance(spoken.skipped), spoken.offline);
  });
}

function undo() {
  const body = { target, operation_id: operation() };
  return once(async () => {
    const one = await surely(async () => claimed(await send("review/undo/", body)), spoken.waits);
    close();
    const [kept, later] = [now, await next];
    if (later?.claim && kept) {
      leave(later);
    }
    now = one;
    await one.parts.ready;
    // Its parts were used up on the stage: what comes back to it is read again, and is claimed still.
    next = kept ? ask([one.claim.capture]).catch(() => null) : null;
    show(one);
    say(spoken.undone, told());
  });
}

function leave(one) {
  const { capture, token } = one.claim;
  send(`captures/${capture}/claim/give-back/`, { token }, { keepalive: true }).catch(() => null);
}

function link(button) {
  const { slot, title } = button.dataset;
  const linked = button.dataset.linked !== "true";
  const { capture } = now.claim;
  return once(async () => {
    await surely(() => send(`captures/${capture}/link/`, { slot, linked, operation_id: operation() }), spoken.waits);
    const parts = await surely(() => readPhoto(`${room.dataset.photo}${capture}/`), spoken.offline);
    close();
    show({ ...now, parts });
    say(filled(linked ? spoken.linked : spoken.unlinked, title), told());
  });
}

const ACTS = {
  accept: () => now && verdict({ verdict: "accepted" }, spoken.accepted),
  reject: () => now && !busy && (open("link-to", false), open("why", !isOpen("why"))),
  skip: () => now && skip(),
  undo,
  compare: () => now && compare(),
  link: () => now && !busy && (open("why", false), open("link-to", !isOpen("link-to"))),
  help: () => at("keys").showModal(),
  back: close,
};

function choose(number) {
  if (isOpen("why")) {
    document.querySelectorAll("[data-reason]")[number - 1]?.click();
    return true;
  }
  if (isOpen("link-to")) {
    document.querySelectorAll("#link-to [data-slot]")[number - 1]?.click();
    return true;
  }
  return false;
}

let change = null;

function clean() {
  const body = { most: Number(at("clean").dataset.count) || 1, operation_id: operation() };
  return once(async () => {
    const done = await surely(() => send(`targets/${target}/review/clean/`, body), spoken.waits);
    change = done.change;
    const sentence = done.count ? counted(spoken.did_clean, done.count) : spoken.no_clean;
    at("clean-said").textContent = sentence;
    at("undo-clean").hidden = !change;
    // What is on the stage may be one of them.
    await refresh(sentence);
  });
}

function undoClean() {
  return once(async () => {
    const done = await surely(() => send(`targets/${target}/review/clean/undo/`, { change }), spoken.waits);
    at("undo-clean").hidden = true;
    at("clean-said").textContent = counted(spoken.undid_clean, done.count);
    await refresh(at("clean-said").textContent);
  });
}

async function refresh(sentence) {
  const there = await surely(() => send(`targets/${target}/review/clean/`, { dry_run: true }), spoken.offline);
  at("clean").dataset.count = there.count;
  at("clean").textContent = counted(spoken.clean, there.count);
  at("clean").hidden = there.count === 0;
  await next;
  next = null;
  await surely(async () => present(await ask()), spoken.offline);
  say(sentence, now ? told() : "");
}

document.addEventListener("click", ({ target: pressed }) => {
  const button = pressed.closest("button");
  if (!button) {
    return;
  }
  if (button.dataset.do) {
    ACTS[button.dataset.do]();
  } else if (button.dataset.reason) {
    reject(button.dataset.reason);
  } else if (button.dataset.slot && now) {
    link(button);
  } else if (button.id === "clean") {
    clean();
  } else if (button.id === "undo-clean") {
    undoClean();
  } else if (button.id === "look") {
    start();
  }
});
at("why").addEventListener("submit", (event) => {
  event.preventDefault();
  reject("other");
});
listen((what) => ACTS[what](), choose);

setInterval(() => {
  const kept = [now, next];
  if (document.hidden || busy) {
    return;
  }
  for (const one of kept) {
    Promise.resolve(one).then((held) => {
      const { capture, token } = held?.claim ?? {};
      return capture && send(`captures/${capture}/claim/`, { token }).catch(() => null);
    });
  }
}, RENEW_MS);
setInterval(() => !now && !document.hidden && room.dataset.state === "empty" && start(), LOOK_MS);
addEventListener("pagehide", () => {
  [now].filter(Boolean).forEach(leave);
  next?.then((one) => one?.claim && leave(one));
});
addEventListener("pageshow", ({ persisted }) => persisted && start());

function start() {
  return once(async () => {
    state("loading");
    await surely(async () => present(await ask()), spoken.offline);
    if (now) {
      say(told());
    }
  });
}

start();
