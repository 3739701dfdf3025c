// The phone's rear camera as a stream: opened, sampled, and made to take a photo at the full size that it has.

const SHOT_MS = 6000;
const QUALITY = 0.92;
const ZOOMS = [1, 2];

/** Why there is no picture: `kind` is one of denied, none, busy, insecure, other. */
export class NoCamera extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

const KINDS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** A promise, or an error when it takes too long. */
function within(milliseconds, promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error("took too long")), milliseconds)),
  ]);
}

/** The rear camera, shown in a <video>. */
export class Camera {
  #video;
  #track = null;
  #zoom = 0;
  #lit = false;
  #asked = 0;

  constructor(video) {
    this.#video = video;
  }

  /** Opens it; gives {width, height} of its picture. Throws NoCamera. */
  async start() {
    this.stop();
    this.#asked += 1;
    const asked = this.#asked;
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new NoCamera(globalThis.isSecureContext ? "none" : "insecure");
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        // As much as there is: the photo is what this track gives where the browser cannot ask the camera itself.
        video: { facingMode: { ideal: "environment" }, width: { ideal: 4096 }, height: { ideal: 3072 } },
      });
    } catch (problem) {
      throw new NoCamera(KINDS[problem.name] ?? "other");
    }
    if (asked !== this.#asked) {
      // Left before it was allowed.
      stream.getTracks().forEach((track) => track.stop());
      throw new NoCamera("other");
    }
    [this.#track] = stream.getVideoTracks();
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => {});
    if (!this.#video.videoWidth) {
      await within(SHOT_MS, new Promise((seen) => this.#video.addEventListener("loadedmetadata", seen, { once: true })));
    }
    return { width: this.#video.videoWidth, height: this.#video.videoHeight };
  }

  /** Lets it go. */
  stop() {
    this.#asked += 1;
    this.#track?.stop();
    this.#track = null;
    this.#video.srcObject = null;
    this.#zoom = 0;
    this.#lit = false;
  }

  /** RGBA pixels of the scene, `side` × `side`; null before there is any. */
  sample(side) {
    if (!this.#video.videoWidth) {
      return null;
    }
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.#video, 0, 0, side, side);
    return context.getImageData(0, 0, side, side).data;
  }

  /** Takes a photo: by the camera itself where the browser lets us, else the frame that is shown, at the track's size. */
  async shoot() {
    const blob = (await this.#byCamera()) ?? (await this.#byFrame());
    return new File([blob], "photo.jpg", { type: blob.type, lastModified: Date.now() });
  }

  async #byCamera() {
    if (!globalThis.ImageCapture || !this.#track) {
      return null;
    }
    try {
      const blob = await within(SHOT_MS, new ImageCapture(this.#track).takePhoto());
      return blob.size ? blob : null;
    } catch {
      // Many phones name the camera and cannot do it; the frame is there in any case.
      return null;
    }
  }

  async #byFrame() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(this.#video, 0, 0, width, height);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no frame"))), "image/jpeg", QUALITY),
    );
  }

  #capabilities() {
    return this.#track?.getCapabilities?.() ?? {};
  }

  /** Whether it has a light. */
  get hasTorch() {
    return this.#capabilities().torch === true;
  }

  /** The steps of zoom that it has. */
  get zooms() {
    const { zoom } = this.#capabilities();
    return zoom ? ZOOMS.filter((times) => times >= zoom.min && times <= zoom.max) : [];
  }

  /** Turns its light on or off; gives whether it is on. */
  async switchTorch() {
    this.#lit = !this.#lit;
    await this.#apply({ torch: this.#lit });
    return this.#lit;
  }

  /** Takes the next step of zoom and gives it. */
  async nextZoom() {
    this.#zoom = (this.#zoom + 1) % this.zooms.length;
    const times = this.zooms[this.#zoom];
    await this.#apply({ zoom: times });
    return times;
  }

  async #apply(setting) {
    await this.#track?.applyConstraints({ advanced: [setting] }).catch(() => {});
  }
}
