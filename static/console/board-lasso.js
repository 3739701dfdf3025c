// Drawing around places: with a mouse, a pen or a finger, on a sheet over the map.

const SVG = "http://www.w3.org/2000/svg";
const LEAST_PX = 4;

/** A sheet that waits for one line to be drawn on it. */
export class Lasso {
  /**
   * @param {HTMLElement} element the map's
   * @param {(points: [number, number][] | null) => void} done hears the line in pixels of the map, or that it was given up
   */
  constructor(element, done) {
    this.element = element;
    this.done = done;
    this.sheet = null;
  }

  /** Lays the sheet over the map, or takes it away. */
  toggle() {
    if (this.sheet) {
      this.#end(null);
    } else {
      this.#begin();
    }
  }

  /** Whether a line can be drawn now. */
  get open() {
    return this.sheet !== null;
  }

  #begin() {
    this.points = [];
    this.sheet = document.createElementNS(SVG, "svg");
    this.sheet.setAttribute("class", "lasso-sheet");
    this.line = document.createElementNS(SVG, "path");
    this.sheet.append(this.line);
    this.sheet.addEventListener("pointerdown", (event) => {
      this.sheet.setPointerCapture(event.pointerId);
      this.points = [];
      this.#add(event);
    });
    this.sheet.addEventListener("pointermove", (event) => this.points.length && this.#add(event));
    this.sheet.addEventListener("pointerup", () => this.#end(this.points.length > 2 ? this.points : null));
    this.sheet.addEventListener("pointercancel", () => this.#end(null));
    this.escape = (event) => event.key === "Escape" && this.#end(null);
    document.addEventListener("keydown", this.escape);
    this.element.append(this.sheet);
  }

  #add({ clientX, clientY }) {
    const { left, top } = this.sheet.getBoundingClientRect();
    const point = [clientX - left, clientY - top];
    const last = this.points.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= LEAST_PX) {
      this.points.push(point);
      this.line.setAttribute("d", `M${this.points.map((one) => one.join(" ")).join("L")}Z`);
    }
  }

  #end(points) {
    if (this.sheet) {
      this.sheet.remove();
      this.sheet = null;
      document.removeEventListener("keydown", this.escape);
      this.done(points);
    }
  }
}
