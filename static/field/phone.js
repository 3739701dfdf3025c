// What the screens of this phone share: its senses, its outbox, and what is going on.

import { Compass } from "./compass.js";
import { Outbox } from "./outbox.js";
import { notice } from "./page.js";
import { Position } from "./position.js";
import { words } from "../words.js";

export const position = new Position();
export const compass = new Compass();
export const outbox = new Outbox({ blocked: () => notice(words.olderTab) });

/**
 * What is going on: `held` {assignment, slot, target} in hand (null: nothing), `capture` that the after-screen shows,
 * `resting` whether the person has had enough.
 */
export const now = { held: null, capture: null, resting: false };
