// The camera inside the page: with the outline of the photo to be taken again, a level, and what is to be mended first.

import { Camera } from "./camera.js";
import { brightnessOf, greyOf, rollOf } from "./checks.js";
import { metresBetween } from "./geodesy.js";
import { drawOutline } from "./ghost.js";
import { h, part, style } from "./page.js";
import { compass, now, position } from "./phone.js";
import { pictureOf, showBlob } from "./pictures.js";
import { acts as register } from "./router.js";
import { closeShutter, openShutter } from "./shutter.js";
import { takeIn } from "./taking.js";
import { markElement, setMark } from "../marks.js";
import { finderWords } from "../photo-words.js";
import { compassWord, words } from "../words.js";

const LOOK_EVERY_MS = 700;
const SAMPLE = 64;
const GOOD_M = 10;

/** Mean brightness under which a scene is called dim: photos at a quarter of their light lie below it (checks.js). */
const DIM_BELOW = 40;
const LEVEL_DEG = 1.5;
const SHOWS_LEVEL_DEG = 30;

let finder = null;

/** A round or edged button of the viewfinder. */
function button(className, act, name, ...children) {
  const made = h("button", { class: className, type: "button", "data-act": act }, ...children);
  if (name) {
    made.setAttribute("aria-label", name);
  }
  return made;
}

/** A line of what is to be known: its sign, the fact, what to do. */
function fact(id) {
  return h("li", { id, hidden: "" }, markElement("tick", "mark"), h("p", {}, h("strong"), h("span")));
}

/** Everything in it, made once. */
function build() {
  const thumb = h("img", { alt: "", hidden: "" });
  const parts = {
    title: h("h2", { id: "finder-title" }),
    facing: h("p", { class: "second" }),
    video: h("video", { playsinline: "", muted: "", "data-testid": "finder-video" }),
    ghost: h("canvas", { class: "ghost", "aria-hidden": "true", "data-testid": "ghost", hidden: "" }),
    level: h("div", { class: "level", "aria-hidden": "true", hidden: "" }),
    hint: h("p", { class: "hint", hidden: "" }, finderWords.lineUp),
    frame: h("div", { class: "frame" }),
    facts: h("ul", { class: "facts" }, fact("fact-position"), fact("fact-light"), fact("fact-distance")),
    strength: h("input", { type: "range", min: "0.2", max: "1", step: "0.05", value: "1", id: "ghost-strength" }),
    thumb,
    outline: button("button outline", "ghost", "", thumb, finderWords.outline),
    shoot: button("round", "shoot", words.takePhoto),
    torch: button("button", "torch", finderWords.torch, markElement("sun", "icon")),
    zoom: button("button", "zoom", finderWords.zoom, "1×"),
    trouble: h("div", { class: "trouble", role: "alert", hidden: "", "data-testid": "finder-trouble" }),
  };
  parts.video.muted = true;
  parts.frame.append(parts.video, parts.ghost, parts.level, ...["a", "b", "c", "d"].map((c) => h("i", { class: c })));
  const close = button("close", "finder-close", finderWords.close, markElement("close", "icon"));
  const extras = h("div", { class: "extras" }, parts.torch, parts.zoom);
  parts.slider = h("label", { class: "strength", for: "ghost-strength", hidden: "" }, finderWords.strength, parts.strength);
  parts.dialog = h(
    "dialog",
    { class: "finder", "aria-labelledby": "finder-title", "data-testid": "finder" },
    h("header", {}, close, h("div", {}, parts.title, parts.facing)),
    h("div", { class: "stage" }, parts.frame, parts.hint, parts.trouble),
    h("div", { class: "below" }, parts.facts, parts.slider),
    h("footer", {}, h("div", { class: "bar" }, parts.outline, parts.shoot, extras)),
  );
  document.body.append(parts.dialog);
  return parts;
}

/** The one viewfinder. */
class Viewfinder {
  #parts = build();
  #camera = new Camera(this.#parts.video);
  #timer = null;
  #held = null;
  #ghosted = true;

  constructor() {
    const { dialog, strength, ghost } = this.#parts;
    dialog.addEventListener("close", () => this.#end());
    strength.addEventListener("input", () => {
      ghost.style.opacity = strength.value;
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && dialog.open) {
        dialog.close();
      }
    });
    addEventListener("deviceorientation", (event) => this.#tilt(event));
  }

  /** Opens it for the slot in hand. */
  async open(held) {
    const { dialog, title, facing, trouble, frame, shoot } = this.#parts;
    this.#held = held;
    title.textContent = held.slot.title || words.map;
    const { heading } = held.slot;
    facing.textContent = Number.isFinite(heading) ? finderWords.facing(compassWord(heading), Math.round(heading)) : "";
    trouble.hidden = true;
    frame.hidden = false;
    shoot.disabled = true;
    dialog.showModal();
    position.start();
    const drawn = this.#drawGhost(held.slot.reference);
    try {
      const { width, height } = await this.#camera.start();
      frame.style.aspectRatio = `${width} / ${height}`;
      frame.style.setProperty("--ratio", String(width / height));
      shoot.disabled = false;
      this.#extras();
    } catch (problem) {
      this.#fail(problem);
      return;
    }
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#look();
    shoot.focus({ preventScroll: true });
    await drawn;
  }

  /** The outline of the slot's reference photo, where there is one. */
  async #drawGhost(address) {
    const { ghost, outline, hint, slider, thumb } = this.#parts;
    const all = [ghost, outline, hint, slider];
    all.forEach((element) => (element.hidden = true));
    const picture = await pictureOf(address);
    if (!picture) {
      return;
    }
    try {
      await drawOutline(ghost, picture);
    } catch {
      return;
    }
    if (!this.#parts.trouble.hidden) {
      return;
    }
    showBlob(thumb, picture);
    outline.hidden = false;
    this.ghost(true);
  }

  /** Shows the outline, or takes it away. */
  ghost(shown = !this.#ghosted) {
    const { ghost, outline, hint, slider } = this.#parts;
    this.#ghosted = shown;
    ghost.hidden = hint.hidden = slider.hidden = !shown;
    outline.setAttribute("aria-pressed", String(shown));
  }

  /** What this camera can do beside taking photos. */
  #extras() {
    const { torch, zoom } = this.#parts;
    torch.hidden = !this.#camera.hasTorch;
    torch.setAttribute("aria-pressed", "false");
    zoom.hidden = this.#camera.zooms.length < 2;
    zoom.textContent = "1×";
  }

  /** Says why there is no picture, and offers the phone's own camera. */
  #fail(problem) {
    const { trouble, frame, hint, facts, slider, outline } = this.#parts;
    [frame, hint, slider, outline].forEach((element) => (element.hidden = true));
    [...facts.children].forEach((line) => (line.hidden = true));
    const [title, what] = finderWords.trouble[problem.kind] ?? finderWords.trouble.other;
    const own = button("button main wide", "own-camera", "", markElement("camera", "icon"), finderWords.ownCamera);
    trouble.replaceChildren(h("h2", {}, title), h("p", {}, what), own);
    trouble.hidden = false;
    own.focus();
  }

  /** Looks at the scene and at what the phone knows, and says what to mend. */
  #look() {
    const fix = position.fresh();
    const accuracy = fix?.accuracy ?? null;
    const rough = accuracy === null || accuracy > GOOD_M;
    const known = position.denied ? finderWords.denied : finderWords.position(accuracy);
    this.#say("fact-position", rough || position.denied ? "again" : "fulfilled", known);
    const grey = this.#camera.sample(SAMPLE);
    const dim = grey && brightnessOf(greyOf(grey)) < DIM_BELOW;
    this.#say("fact-light", "again", dim ? finderWords.dim : null);
    const { allowed_m: allowed } = this.#held.target;
    const metres = fix && metresBetween(fix, this.#held.slot);
    const near = metres < allowed;
    this.#say("fact-distance", near ? "fulfilled" : "again", fix ? finderWords.distance(metres, allowed, near) : null);
  }

  /** Writes one line; null hides it. */
  #say(id, mark, sentence) {
    const line = part(id);
    line.hidden = !sentence;
    if (sentence) {
      setMark(line.querySelector("svg"), mark);
      [line.querySelector("strong").textContent, line.querySelector("span").textContent] = sentence;
    }
  }

  /** Turns the level with the phone. */
  #tilt({ beta, gamma }) {
    const { dialog, level } = this.#parts;
    if (!dialog.open || beta === null || gamma === null) {
      return;
    }
    const roll = rollOf(beta, gamma);
    const off = roll === null ? null : roll + (screen.orientation?.angle ?? 0);
    level.hidden = off === null || Math.abs(off) > SHOWS_LEVEL_DEG;
    level.classList.toggle("even", Math.abs(off) < LEVEL_DEG);
    level.style.transform = `rotate(${-(off ?? 0)}deg)`;
  }

  /** Takes the photo; position, accuracy, heading and time are those of this moment. */
  async shoot() {
    openShutter(this.#held, position, compass);
    let photo;
    try {
      photo = await this.#camera.shoot();
    } catch {
      closeShutter();
      this.#fail({ kind: "other" });
      return;
    }
    this.#parts.dialog.close();
    await takeIn(photo, "viewfinder");
  }

  /** Light on or off. */
  async torch() {
    this.#parts.torch.setAttribute("aria-pressed", String(await this.#camera.switchTorch()));
  }

  /** The next step of zoom. */
  async zoom() {
    this.#parts.zoom.textContent = `${await this.#camera.nextZoom()}×`;
  }

  /** Leaves it without a photo. */
  close() {
    this.#parts.dialog.close();
  }

  /** The camera is let go as soon as nobody looks through it. */
  #end() {
    clearInterval(this.#timer);
    this.#camera.stop();
  }
}

/** What taps do. */
export const acts = {
  viewfinder: async () => {
    await style("shutter");
    finder ??= new Viewfinder();
    await finder.open(now.held);
  },
};

register({
  shoot: () => finder.shoot(),
  ghost: () => finder.ghost(),
  torch: () => finder.torch(),
  zoom: () => finder.zoom(),
  "finder-close": () => finder.close(),
  "own-camera": () => {
    finder.close();
    part("photo").click();
  },
});
