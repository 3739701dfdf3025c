// What the review room asks of the server, and how it hears no.

const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

/** A no of the server, or none at all: `status` 0 is no connection. */
export class No extends Error {
  constructor(status, problem = {}) {
    super(problem.detail ?? "");
    Object.assign(this, { status, code: problem.code ?? "", present: problem.present ?? null });
  }

  /** Whether the same once more may do. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

async function asked(address, options) {
  let answer;
  try {
    answer = await fetch(address, { credentials: "same-origin", ...options });
  } catch {
    throw new No(0);
  }
  if (!answer.ok) {
    throw new No(answer.status, await answer.json().catch(() => ({})));
  }
  return answer;
}

/** Sends JSON to the API; gives what it answers. */
export async function send(path, body, more = {}) {
  const answer = await asked(`/api/v1/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    body: JSON.stringify(body),
    ...more,
  });
  return answer.status === 204 ? null : answer.json();
}

/** An id for an operation, also where the page has no HTTPS. */
export function operation() {
  if (crypto.randomUUID) {
    return crypto.randomUUID();
  }
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** The words about a photograph, and its pictures on their way into the browser's memory. */
export async function readPhoto(address) {
  const answer = await asked(address, { headers: { "X-Room": "yes" } });
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const part = (name) => holder.content.querySelector(`#part-${name}`).content;
  const parts = { head: part("head"), view: part("view"), about: part("about") };
  const ahead = [...parts.view.querySelectorAll("img[src]"), ...parts.about.querySelectorAll("img[src]")].map((one) => {
    const picture = new Image();
    picture.src = one.getAttribute("src");
    return picture;
  });
  // The photograph itself is to be seen at once, when its turn comes.
  parts.ready = ahead[0]?.decode().catch(() => null);
  return parts;
}
