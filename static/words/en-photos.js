// What is said of photos, in English: loaded by photo-words.js, once the first screen stands.

import { megabytes, metresText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** My photos, one by one, and what becomes of them. */
export const photoWords = {
  count: (have, total) => (total ? `${have} of ${total} safe on server` : "No photos yet"),
  none: "Photos that you take are listed here until the server has them, and after that too.",
  counted: (ago) => `The server has counted them itself, ${ago}.`,
  notCounted: "The server has not been reached yet. Until it has, they are safe on this phone only.",
  justNow: "just now",
  tiles: (safe, waiting, problems) => `${safe} safe, ${waiting} on the way, ${problems} with a problem`,
  asOf: (time) => `No signal. What you see is as of ${time}.`,
  states: { safe: "Safe", sending: "Sending", waiting: "Waiting", problem: "Problem" },
  signal: { none: "No signal", weak: "Weak signal", good: "Signal is good" },
  why: {
    lost: "waits until this phone is known again",
    signal: "waits for a signal, then goes by itself",
    wifi: "waits for a Wi-Fi",
    turn: "goes by itself",
  },
  goesOn: (sent) => `${sent}, goes on by itself`,
  checking: "sent; the server counts it",
  untitled: "Photo",
  line: (time, size) => `${time} · ${size}`,
  size: (bytes) => `${megabytes(bytes)}${NBSP}MB`,
  cannotShow: "This phone cannot show this kind of photo. It is sent as it is.",
  slotStays: (time) => `The slot stays yours until ${time}.`,
  nothingElseLost: "Nothing else is lost.",
  take: "Take it again",
  release: "Give slot back",
  retry: "Try again",
  putAside: "Put aside",
  object: "I think it is right",
  sendObjection: "Send to another reviewer",
  objected: "Sent. Somebody else looks at this photo again, and you are told.",
  aside: (n) => plural(n, { one: "1 photo is put aside.", other: `${n} photos are put aside.` }),
  more: (n) => plural(n, { one: "1 more, safe", other: `${n} more, all safe` }),
  old: (n, days) =>
    plural(days, {
      one: plural(n, { one: "1 photo has waited for a day.", other: `${n} photos have waited for a day.` }),
      other: plural(n, {
        one: `1 photo has waited for ${days} days.`,
        other: `${n} photos have waited for ${days} days.`,
      }),
    }),
  oldLong: "Open this page where the signal is good, or save them and give them to the coordinator.",
  lost: "This phone is not known to the server any more. Your photos stay here.",
  lostLong: "Ask for a new link and open it on this phone: then they go by themselves.",
  others: (n) =>
    plural(n, {
      one: "1 photo on this phone was taken by somebody else.",
      other: `${n} photos on this phone were taken by somebody else.`,
    }),
  othersLong: "They go when that person’s link is opened here. Until then you can save them.",
  leaveLater: (n) =>
    plural(n, {
      one: "1 photo of yours from there is only on this phone. Open “My slot” until it is safe, then leave.",
      other: `${n} photos of yours from there are only on this phone. Open “My slot” until they are safe, then leave.`,
    }),
  roomShort: (left) => `This phone has room for ${left} more.`,
  kept: {
    kept: "This phone keeps unsent photos, also when it runs short of room.",
    maybe: 
      "This phone may clear unsent photos when it runs short of room. Add this page to the home screen: then it keeps them.",
    unknown: "This browser does not say whether it keeps unsent photos when room runs short. Send them soon.",
  },
  wifiOff: "Off: mobile data is used",
  wifiOn: "On: photos wait for a Wi-Fi",
  wifiUnknown: "This browser does not tell Wi-Fi from mobile data. To save data, switch mobile data off instead.",
  free: (bytes) => `Free ${megabytes(bytes)}${NBSP}MB`,
  nothingToFree: "Nothing to free",
  freesOnly: "Frees only photos that are safe on the server.",
  nothingUnsent: "Every photo is safe: there is nothing unsent to save.",
  freedNow: (bytes) => `${megabytes(bytes)}${NBSP}MB are free again. The photos are safe on the server.`,
  freeFailed: "The server could not be asked just now, so nothing was cleared.",
  saved: "Saved among the downloads. The photos stay here as well, and still go by themselves.",
  saveFailed: "The phone has no room for the file. Free some space first.",
  fileName: "capturegraph-unsent-photos",
  readme: (n, name, time) =>
    [
      `${plural(n, { one: "1 photo", other: `${n} photos` })} of ${name}, saved on ${time} before the server had them.`,
      "",
      "photos/         the photos as the phone took them",
      "captures.json   when and where each was taken, by its id",
      "",
      "Give this file to the coordinator. Do not clear the phone before they have it.",
      "",
    ].join("\n"),
};

/** What a look at a photo found: the fact, then what to do. */
export const checkWords = {
  empty: () => ["The photo is empty: 0 bytes. ", "The camera did not finish. Take it again."],
  too_large: ({ bytes }) => [
    `The photo has ${megabytes(bytes)}${NBSP}MB; 40${NBSP}MB can be sent. `,
    "Choose a smaller size in the camera’s settings, then take it again.",
  ],
  too_many_pixels: ({ pixels }) => [
    `The photo has ${Math.round(pixels / 1e6)} million pixels; 60 million can be sent. `,
    "Choose a smaller size in the camera’s settings, then take it again.",
  ],
  not_a_photo: () => ["This file is not a photo. ", "JPEG, PNG, WebP, HEIC and AVIF can be sent. Take a photo instead."],
  no_room: () => [
    "The phone has no room to keep this photo. ",
    "Leave this page open and free some space, then send it.",
  ],
  unreachable: () => [
    "The phone does not give this photo out. ",
    "It may lie in a cloud: open it in the gallery first, or take it again.",
  ],
  unreadable: () => ["This phone cannot show the photo. ", "It may be damaged: better take it again."],
  unseen: () => ["This phone cannot show the photo (HEIC or AVIF). ", "It is sent all the same: the server can read it."],
  same: ({ at }) => [`You took this very photo at ${at} already. `, "Take a new one for this place."],
  alike: ({ at, title }) => [
    title ? `It looks like your photo of “${title}”, ${at}. ` : `It looks like your photo of ${at}. `,
    "Is this the right place?",
  ],
  from_library: ({ minutes }) => [
    minutes < 120
      ? `This photo is ${minutes}${NBSP}minutes old. `
      : minutes < 2880
        ? `This photo is ${Math.round(minutes / 60)}${NBSP}hours old. `
        : `This photo is ${Math.round(minutes / 1440)}${NBSP}days old. `,
    "Only one taken here and now closes the place. A person can still accept it.",
  ],
  denied: () => [
    "The photo has no position: this page may not use it. ",
    "Allow it in the browser’s settings, then take it again. A person can still accept it.",
  ],
  no_position: () => [
    "The photo has no position yet. ",
    "Step into the open, wait for the distance, then take it again.",
  ],
  far: ({ metres, allowed }) => [
    `${metresText(metres)} from the slot; less than ${metresText(allowed)} is asked for. `,
    "Go nearer and take it again.",
  ],
  made_up: () => ["The position is a made-up one. ", "Turn off mock locations on this phone, then take it again."],
  rough: ({ accuracy, allowed }) => [
    `The phone knew its place only to ±${metresText(accuracy)}; ±${metresText(allowed)} is needed. `,
    "Step into the open, hold still a little, then take it again.",
  ],
  dark: ({ percent }) => [
    `It is dark: ${percent}${NBSP}% of full light. `,
    "Turn so that the sun is behind you, or use the light.",
  ],
  blurred: () => ["It is blurred. ", "Hold the phone with both hands, tap on the place to focus, take it again."],
};

/** The camera inside the page. */
export const finderWords = {
  lineUp: "Line up with the yellow outline",
  outline: "Outline",
  strength: "Strength of the outline",
  torch: "Light",
  zoom: "Zoom",
  close: "Close the camera",
  ownCamera: "Use the phone’s camera",
  facing: (direction, degrees) => `facing ${direction}, ${degrees}°`,
  position: (accuracy) =>
    accuracy === null
      ? ["No position yet", "Stay in the open."]
      : accuracy <= 10
        ? [`Position is good: ±${metresText(accuracy)}`, ""]
        : accuracy <= 25
          ? [`Hold still: ±${metresText(accuracy)}`, `Better than ±${metresText(10)} in a few seconds.`]
          : [`Position is rough: ±${metresText(accuracy)}`, "Step into the open."],
  denied: ["No position", "Allow it in the browser’s settings: without it the photo closes nothing by itself."],
  dim: ["A little dark", "Turn so that the sun is behind you."],
  distance: (metres, allowed, near) =>
    near
      ? ["Close enough", `${metresText(metres)} from the slot. It asks for less than ${metresText(allowed)}.`]
      : ["Too far", `${metresText(metres)} from the slot. It asks for less than ${metresText(allowed)}.`],
  trouble: {
    denied: [
      "This page may not use the camera",
      "Allow it in the browser’s settings, beside the page’s address. Or take the photo with the phone’s camera.",
    ],
    none: ["No camera was found", "Take the photo with the phone’s camera, or choose one that you have just taken."],
    busy: ["The camera is in use", "Close the other app or tab that uses it. Or take the photo with the phone’s camera."],
    insecure: [
      "The browser gives no camera to this page",
      "That needs an address with https. Take the photo with the phone’s camera.",
    ],
    other: ["The camera did not start", "Close this and try again. Or take the photo with the phone’s camera."],
  },
};

/** Why a photo did not close the place that it was for: the fact, then what to do. */
export const whyWords = {
  heading_off: (off, degrees) => [
    `${degrees}° from the direction asked for`,
    "The slot stays yours. Turn to what is shown, and take it again.",
  ],
  no_heading: () => [
    "The phone did not say which way it looked",
    "It is kept. Let this page use the compass, and take it again.",
  ],
  outside_window: () => ["Not at the time that is asked for", "It is kept. Take it again when its time has come."],
  before_counts_from: () => ["The place was asked for again since", "It is kept. A new photo is wanted: take it again."],
  withdrawn: () => ["This place is not needed any more", "The photo is kept. You need not take it again."],
  no_accuracy: () => ["The phone did not say how well it knew its place", "It is kept. Hold still, and take it again."],
  rejected: () => ["A reviewer did not accept this photo", "Read why, then take it again."],
  no_photo: () => ["The photo itself has not arrived", "Keep this page open until it is safe."],
  refused_photo: () => ["The photo could not be read", "Take it again."],
};
