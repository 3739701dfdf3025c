// What is kept of a target's own map for when there is no network: tiles and what describes them, in Cache storage under
// names of our own. Nothing of who asked is in there. Where there is no such storage, nothing is kept and all works.

const BEGINS = "capturegraph-tiles ";
const MOST_MAPS = 4;
const FOLDER = "/kept-tiles/";

/** What is kept of one map. Make it with openKept(). */
class Kept {
  #cache;

  constructor(cache) {
    this.#cache = cache;
  }

  /** The bytes under a name; null where there are none. An empty tile has zero of them. */
  async get(name) {
    const answer = await this.#cache?.match(FOLDER + name);
    return answer ? answer.arrayBuffer() : null;
  }

  /** Keeps bytes; rejects where there is no room. */
  async put(name, data) {
    await this.#cache?.put(FOLDER + name, new Response(data));
  }

  /** What was kept as JSON. */
  async read(name) {
    const answer = await this.#cache?.match(FOLDER + name);
    return answer ? answer.json() : null;
  }

  /** The names of everything. */
  async names() {
    const requests = (await this.#cache?.keys()) ?? [];
    return requests.map(({ url }) => new URL(url).pathname.slice(FOLDER.length));
  }

  /** Forgets what is not among these names. */
  async only(names) {
    const gone = (await this.names()).filter((name) => !names.has(name));
    await Promise.all(gone.map((name) => this.#cache.delete(FOLDER + name)));
  }
}

/**
 * Opens what is kept of a map; of maps that were opened long ago nothing is kept any more.
 * @param {string} address of the map
 * @returns {Promise<Kept>}
 */
export async function openKept(address) {
  try {
    const cache = await caches.open(BEGINS + address);
    const maps = (await caches.keys()).filter((name) => name.startsWith(BEGINS) && name !== BEGINS + address);
    await Promise.all(maps.slice(0, Math.max(0, maps.length - MOST_MAPS + 1)).map((name) => caches.delete(name)));
    return new Kept(cache);
  } catch {
    return new Kept(null);
  }
}
