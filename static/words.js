// Every sentence that a script shows, in one place: the templates carry the rest. Numbers never part from their unit.

const NBSP = "\u00a0";

/** "11 m", "1.4 km": a distance as people say it. */
export function metresText(metres) {
  if (metres < 995) {
    return `${Math.round(metres)}${NBSP}m`;
  }
  const kilometres = metres / 1000;
  return `${kilometres < 9.95 ? kilometres.toFixed(1) : Math.round(kilometres)}${NBSP}km`;
}

/** The figure and the unit of a distance apart, for the one large number. */
export function metresParts(metres) {
  const [figure, unit] = metresText(metres).split(NBSP);
  return { figure, unit };
}

/** "3.1 MB" */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)}`;
}

const COMPASS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];

/** The name of a bearing: "north-east". */
export function compassWord(bearing) {
  return COMPASS[Math.round(bearing / 45) % 8];
}

/** Where something lies for somebody who looks ahead; `turn` from -180 to 180 degrees. */
export function turnWords(turn) {
  const side = turn < 0 ? "left" : "right";
  const off = Math.abs(turn);
  if (off < 20) {
    return "straight ahead";
  }
  if (off < 70) {
    return `ahead, to your ${side}`;
  }
  if (off < 110) {
    return `to your ${side}`;
  }
  return off < 160 ? `behind you, to your ${side}` : "behind you";
}

/** "5 min on foot" at 4.5 km an hour; hours from 60 min on. */
export function walkText(metres) {
  const minutes = Math.max(1, Math.round(metres / 75));
  if (minutes < 60) {
    return `${minutes}${NBSP}min on${NBSP}foot`;
  }
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)}${NBSP}h${rest ? `${NBSP}${rest}${NBSP}min` : ""} on${NBSP}foot`;
}

/** What is left of a time: "42 min left". */
export function leftText(seconds) {
  if (seconds <= 0) {
    return "Your time is over";
  }
  if (seconds < 60) {
    return `under 1${NBSP}min left`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes}${NBSP}min${NBSP}left` : `${Math.floor(minutes / 60)}${NBSP}h${NBSP}left`;
}

/** The sentence about how well the phone knows its place; accuracy in metres, null while unknown. */
export function positionText(accuracy) {
  if (accuracy === null) {
    return "Looking for your position. Stay in the open.";
  }
  const off = `±${metresText(accuracy)}`;
  if (accuracy <= 10) {
    return `Position is good: ${off}`;
  }
  if (accuracy <= 25) {
    return `Hold still: ${off}`;
  }
  return `Position is rough: ${off}. Step into the open.`;
}

export const words = {
  map: "Map",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  showAll: "Show all places",
  gestures: {
    "CooperativeGesturesHandler.WindowsHelpText": "Hold Ctrl and scroll to zoom the map",
    "CooperativeGesturesHandler.MacHelpText": "Hold ⌘ and scroll to zoom the map",
    "CooperativeGesturesHandler.MobileHelpText": "Use two fingers to move the map",
  },
  noSignal: "No signal. Nothing is lost: tap again.",
  serverBusy: "The server is busy. Nothing is lost: tap again in a moment.",
  joinAs: (name) => (name ? `Join as ${name}` : "Join"),
  joining: "Joining …",
  joinNeedsName: "Tell us a name first: the coordinators see it beside your photos.",
  joinNeedsConsent: "Please tick that you agree. Without that we may not take your photos.",
  joinOtherKey: "This phone was signed out, or is known under another name. Tap again to join as somebody new.",
  joinedAs: (name) => `You have joined on this phone${name ? ` as ${name}` : ""}.`,
  storageOffTitle: "Photos would not be safe here",
  storageOff: "This browser keeps nothing (a private window?). Open the link in an ordinary window.",
  goOnAs: (name) => `Go on as ${name}`,
  safe: (have, total) => (total ? `${have} of ${total} safe` : "No photos yet"),
  safeShort: (have, total) => (total ? `${have} of ${total}` : "0"),
  ahead: turnWords,
  atThePlace: "You are there",
  shutterLost:
    "The phone closed this page while the camera was open. Nothing else is lost: please take the photo again.",
  nothingKnown: ["No signal", "Your place comes as soon as there is one. Tap to try again."],
  noPlace: "No position, so no distance",
  positionDenied: "No position: this page may not use it. Allow it in the browser’s settings.",
  notConnected:
    "This phone is no longer known here. Your photos stay on it. Ask for a new invite link and open it on this phone.",
  slotGone: "This place is no longer yours. Nothing is lost: photos that you took here still count.",
  givenBack: "Given back. Thank you.",
  fellBack: {
    nothing_uploaded: "No places yet",
    all_held: "Somebody is at every place",
    all_done: "Every place is done",
    none_for_you: "Nothing left for you here",
    paused: "A pause",
    closed: "This is over",
    draft: "Not open yet",
  },
  lookAgainAt: (time) => `The next one may come free at ${time}.`,
  thanks: (name) => `Done. Thank you, ${name}.`,
  thanksLong: "Nobody needs to walk here again.",
  off: (metres) => `${metresText(metres)} off`,
  offLong: "The slot stays yours. Take it again from nearer by.",
  unjudged: {
    no_position: ["The photo has no position", "It is kept, and a person will look at it. The slot stays yours."],
    inaccurate: [
      "The position was too rough",
      "It is kept. The slot stays yours: hold still a little and take it again.",
    ],
    mock: [
      "The position was not real",
      "It is kept, but it does not count. Turn off made-up positions and take it again.",
    ],
    from_library: [
      "That was an older photo",
      "It is kept, but only one taken at the place counts. The slot stays yours.",
    ],
  },
  received: ["Photo received", "Thank you. It has been kept."],
  checking: ["Photo taken", "Asking the server whether this place is done …"],
  waiting: ["Photo kept on this phone", "No signal just now. It goes by itself as soon as there is one."],
  ownGuess: (metres, allowed) =>
    `By this phone’s own measure ${metresText(metres)} from the slot; ${metresText(allowed)} are allowed.`,
  surely: (accuracy, inside) => [
    `Your phone knew its place to ±${metresText(accuracy)}, so this is `,
    inside ? "surely inside" : "surely outside",
    ".",
  ],
  unsure: (accuracy, inside) => [
    `Your phone knew its place to ±${metresText(accuracy)}: `,
    inside ? "most likely inside" : "most likely outside",
    ".",
  ],
  theSlot: "the slot",
  allowed: (metres) => `${metresText(metres)} allowed`,
  alsoDid: (n) => (n === 1 ? "Your photo also did one more" : `Your photo also did ${n} more`),
  alsoLine: (title, metres) => `${title} · ${metresText(metres)} off`,
  sending: "Sending the photo",
  sendingMetadata: "Waiting to send the photo",
  sent: (done, all) => `${megabytes(done)} of ${megabytes(all)}${NBSP}MB`,
  photoSafe: "The photo is safe on the server",
  doneMeanwhile: "Your photo has done that place. Thank you! Here is the next one.",
  notTaken: "The server did not take it",
  takeAgain: "Take it again",
  backToSlot: "Back to my slot",
  problem: {
    401: "This phone is no longer known here. The photo stays on it. Ask for a new invite link.",
    404: "The server does not take photos for this target from you any more. The photo stays on this phone.",
    409: "The server has another photo under this number. This one stays on the phone: tell the coordinator.",
    413: "This photo is larger than the server takes (40 MB). Please take it again with a smaller size.",
    415: "This is not a photo that the server can read. Please take it again.",
    other: "The server did not take this photo. It stays on this phone: tell the coordinator.",
  },
  done: (done, total) => `${done} of ${total} places are done.`,
  today: (n) => `${n} today.`,
  enough: ["Thank you", "Come back whenever you like: open this page again."],
  takenAt: (time) => `today at ${time}`,
  storageFull: "The phone has no room for the photo. Free some space, then take it again.",
  copied: "Copied",
  copyFailed: "Mark it and copy it by hand.",
  live: "Live",
  liveLost: "No connection. Showing what was last known.",
  liveSince: (seconds) =>
    seconds < 60 ? `changed ${seconds}${NBSP}s ago` : `changed ${Math.floor(seconds / 60)}${NBSP}min ago`,
};
