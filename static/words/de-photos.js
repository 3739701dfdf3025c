// Was über Fotos gesagt wird, auf Deutsch: geladen, sobald der erste Bildschirm steht.

import { megabytes, metresText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** My photos, one by one, and what becomes of them. */
export const photoWords = {
  count: (have, total) => (total ? `${have} von ${total} sicher auf dem Server` : "Noch keine Fotos"),
  none: "Hier stehen deine Fotos, bis der Server sie hat, und danach auch.",
  counted: (ago) => `Der Server hat sie selbst gezählt, ${ago}.`,
  notCounted: "Der Server wurde noch nicht erreicht. Bis dahin sind sie nur auf diesem Telefon sicher.",
  justNow: "gerade eben",
  tiles: (safe, waiting, problems) => `${safe} sicher, ${waiting} unterwegs, ${problems} mit einem Problem`,
  asOf: (time) => `Kein Netz. Stand: ${time}.`,
  states: { safe: "Sicher", sending: "Wird gesendet", waiting: "Wartet", problem: "Ein Problem" },
  signal: { none: "Kein Netz", weak: "Schwaches Netz", good: "Gutes Netz" },
  why: {
    lost: "wartet, bis dieses Telefon wieder bekannt ist",
    signal: "wartet auf Netz und geht dann von selbst",
    wifi: "wartet auf ein WLAN",
    turn: "geht von selbst",
  },
  goesOn: (sent) => `${sent}, geht von selbst weiter`,
  checking: "gesendet; der Server zählt es",
  untitled: "Ein Foto",
  line: (time, size) => `${time} · ${size}`,
  size: (bytes) => `${megabytes(bytes)}${NBSP}MB`,
  cannotShow: "Dieses Telefon kann diese Art Foto nicht zeigen. Es wird gesendet, wie es ist.",
  slotStays: (time) => `Der Ort bleibt bis ${time} deiner.`,
  nothingElseLost: "Sonst ist nichts verloren.",
  take: "Noch einmal",
  release: "Ort zurückgeben",
  retry: "Noch einmal versuchen",
  putAside: "Zur Seite legen",
  object: "Ich halte es für richtig",
  sendObjection: "An jemand anderen schicken",
  objected: "Gesendet. Jemand anderes sieht sich dieses Foto noch einmal an, und du erfährst es.",
  aside: (n) => plural(n, { one: "1 Foto liegt zur Seite.", other: `${n} Fotos liegen zur Seite.` }),
  more: (n) => plural(n, { one: "1 weiteres, sicher", other: `${n} weitere, alle sicher` }),
  old: (n, days) =>
    plural(days, {
      one: plural(n, { one: "1 Foto wartet seit einem Tag.", other: `${n} Fotos warten seit einem Tag.` }),
      other: plural(n, { one: `1 Foto wartet seit ${days} Tagen.`, other: `${n} Fotos warten seit ${days} Tagen.` }),
    }),
  oldLong: "Öffne diese Seite, wo das Netz gut ist, oder sichere sie und gib sie der Koordination.",
  lost: "Der Server kennt dieses Telefon nicht mehr. Deine Fotos bleiben hier.",
  lostLong: "Bitte um einen neuen Link und öffne ihn auf diesem Telefon: Dann gehen sie von selbst.",
  others: (n) =>
    plural(n, {
      one: "1 Foto auf diesem Telefon hat jemand anderes gemacht.",
      other: `${n} Fotos auf diesem Telefon hat jemand anderes gemacht.`,
    }),
  othersLong: "Sie gehen, wenn der Link dieser Person hier geöffnet wird. Bis dahin kannst du sie sichern.",
  leaveLater: (n) =>
    plural(n, {
      one: "1 Foto von dort hast du nur auf diesem Telefon. Öffne „Mein Ort“, bis es sicher ist, dann geh.",
      other: `${n} Fotos von dort hast du nur auf diesem Telefon. Öffne „Mein Ort“, bis sie sicher sind, dann geh.`,
    }),
  roomShort: (left) => `Auf diesem Telefon ist noch Platz für ${left}.`,
  kept: {
    kept: "Dieses Telefon behält ungesendete Fotos, auch wenn der Platz knapp wird.",
    maybe:
      "Wenn der Platz knapp wird, löscht dieses Telefon vielleicht ungesendete Fotos. Lege diese Seite auf den Startbildschirm: Dann behält es sie.",
    unknown: "Dieser Browser sagt nicht, ob er ungesendete Fotos behält, wenn der Platz knapp wird. Sende sie bald.",
  },
  wifiOff: "Aus: Mobile Daten werden benutzt",
  wifiOn: "An: Fotos warten auf ein WLAN",
  wifiUnknown:
    "Dieser Browser unterscheidet WLAN und mobile Daten nicht. Um Daten zu sparen, schalte die mobilen Daten aus.",
  free: (bytes) => `${megabytes(bytes)}${NBSP}MB freigeben`,
  nothingToFree: "Nichts freizugeben",
  freesOnly: "Gibt nur Fotos frei, die sicher auf dem Server sind.",
  nothingUnsent: "Jedes Foto ist sicher: Es gibt nichts Ungesendetes zu sichern.",
  freedNow: (bytes) => `${megabytes(bytes)}${NBSP}MB sind wieder frei. Die Fotos sind sicher auf dem Server.`,
  freeFailed: "Der Server war gerade nicht zu fragen, also wurde nichts gelöscht.",
  saved: "Bei den Downloads gesichert. Die Fotos bleiben auch hier und gehen weiter von selbst.",
  saveFailed: "Auf dem Telefon ist kein Platz für die Datei. Schaffe zuerst Platz.",
  fileName: "capturegraph-ungesendete-fotos",
  readme: (n, name, time) =>
    [
      `${plural(n, { one: "1 Foto", other: `${n} Fotos` })} von ${name}, gesichert am ${time}, bevor der Server sie hatte.`,
      "",
      "photos/         die Fotos, wie das Telefon sie gemacht hat",
      "captures.json   wann und wo jedes gemacht wurde, nach seiner Id",
      "",
      "Gib diese Datei der Koordination. Lösche das Telefon nicht, bevor sie angekommen ist.",
      "",
    ].join("\n"),
};

/** What a look at a photo found: the fact, then what to do. */
export const checkWords = {
  empty: () => ["Das Foto ist leer: 0 Bytes. ", "Die Kamera wurde nicht fertig. Mach es noch einmal."],
  too_large: ({ bytes }) => [
    `Das Foto hat ${megabytes(bytes)}${NBSP}MB; 40${NBSP}MB lassen sich senden. `,
    "Wähle in der Kamera eine kleinere Größe und mach es noch einmal.",
  ],
  too_many_pixels: ({ pixels }) => [
    `Das Foto hat ${Math.round(pixels / 1e6)} Millionen Bildpunkte; 60 Millionen lassen sich senden. `,
    "Wähle in der Kamera eine kleinere Größe und mach es noch einmal.",
  ],
  not_a_photo: () => ["Diese Datei ist kein Foto. ", "JPEG, PNG, WebP, HEIC und AVIF lassen sich senden. Mach ein Foto."],
  no_room: () => [
    "Das Telefon hat keinen Platz, um dieses Foto aufzubewahren. ",
    "Lass diese Seite offen, schaffe Platz und sende es dann.",
  ],
  unreachable: () => [
    "Das Telefon gibt dieses Foto nicht heraus. ",
    "Vielleicht liegt es in einer Cloud: Öffne es zuerst in der Galerie, oder mach es noch einmal.",
  ],
  unreadable: () => ["Dieses Telefon kann das Foto nicht zeigen. ", "Vielleicht ist es beschädigt: Mach es lieber neu."],
  unseen: () => ["Dieses Telefon kann das Foto nicht zeigen (HEIC oder AVIF). ", "Es wird trotzdem gesendet: Der Server kann es lesen."],
  same: ({ at }) => [`Genau dieses Foto hast du um ${at} schon gemacht. `, "Mach ein neues für diesen Ort."],
  alike: ({ at, title }) => [
    title ? `Es sieht aus wie dein Foto von „${title}“, ${at}. ` : `Es sieht aus wie dein Foto von ${at}. `,
    "Ist das der richtige Ort?",
  ],
  from_library: ({ minutes }) => [
    minutes < 120
      ? `Dieses Foto ist ${minutes}${NBSP}Minuten alt. `
      : minutes < 2880
        ? `Dieses Foto ist ${Math.round(minutes / 60)}${NBSP}Stunden alt. `
        : `Dieses Foto ist ${Math.round(minutes / 1440)}${NBSP}Tage alt. `,
    "Nur eines von hier und jetzt erledigt den Ort. Bei der Prüfung kann es trotzdem angenommen werden.",
  ],
  denied: () => [
    "Das Foto hat keinen Standort: Diese Seite darf ihn nicht verwenden. ",
    "Erlaube es in den Einstellungen des Browsers und mach es noch einmal. Es kann auch bei der Prüfung angenommen werden.",
  ],
  no_position: () => [
    "Das Foto hat noch keinen Standort. ",
    "Geh ins Freie, warte auf die Entfernung und mach es noch einmal.",
  ],
  far: ({ metres, allowed }) => [
    `${metresText(metres)} vom Ort; verlangt sind weniger als ${metresText(allowed)}. `,
    "Geh näher hin und mach es noch einmal.",
  ],
  made_up: () => ["Der Standort ist erfunden. ", "Schalte falsche Standorte auf diesem Telefon aus und mach es noch einmal."],
  rough: ({ accuracy, allowed }) => [
    `Das Telefon kannte seinen Standort nur auf ±${metresText(accuracy)}; ±${metresText(allowed)} ist nötig. `,
    "Geh ins Freie, halt kurz still und mach es noch einmal.",
  ],
  dark: ({ percent }) => [
    `Es ist dunkel: ${percent}${NBSP}% vom vollen Licht. `,
    "Dreh dich so, dass die Sonne hinter dir steht, oder nimm das Licht.",
  ],
  blurred: () => ["Es ist verwackelt. ", "Halt das Telefon mit beiden Händen, tippe zum Scharfstellen, mach es noch einmal."],
};

/** The camera inside the page. */
export const finderWords = {
  lineUp: "Am gelben Umriss ausrichten",
  outline: "Umriss",
  strength: "Stärke des Umrisses",
  torch: "Licht",
  zoom: "Vergrößerung",
  close: "Kamera schließen",
  ownCamera: "Kamera des Telefons benutzen",
  facing: (direction, degrees) => `Blick nach ${direction}, ${degrees}°`,
  position: (accuracy) =>
    accuracy === null
      ? ["Noch kein Standort", "Bleib im Freien."]
      : accuracy <= 10
        ? [`Standort ist gut: ±${metresText(accuracy)}`, ""]
        : accuracy <= 25
          ? [`Halt still: ±${metresText(accuracy)}`, `In ein paar Sekunden besser als ±${metresText(10)}.`]
          : [`Standort ist ungenau: ±${metresText(accuracy)}`, "Geh ins Freie."],
  denied: ["Kein Standort", "Erlaube ihn in den Einstellungen des Browsers: Sonst erledigt das Foto von selbst nichts."],
  dim: ["Etwas dunkel", "Dreh dich so, dass die Sonne hinter dir steht."],
  distance: (metres, allowed, near) =>
    near
      ? ["Nahe genug", `${metresText(metres)} vom Ort. Verlangt sind weniger als ${metresText(allowed)}.`]
      : ["Zu weit", `${metresText(metres)} vom Ort. Verlangt sind weniger als ${metresText(allowed)}.`],
  trouble: {
    denied: [
      "Diese Seite darf die Kamera nicht benutzen",
      "Erlaube es in den Einstellungen des Browsers, neben der Adresse. Oder nimm die Kamera des Telefons.",
    ],
    none: ["Keine Kamera gefunden", "Nimm die Kamera des Telefons, oder wähle ein Foto, das du eben gemacht hast."],
    busy: ["Die Kamera ist besetzt", "Schließe die App oder den Tab, der sie benutzt. Oder nimm die Kamera des Telefons."],
    insecure: [
      "Der Browser gibt dieser Seite keine Kamera",
      "Dazu braucht es eine Adresse mit https. Nimm die Kamera des Telefons.",
    ],
    other: ["Die Kamera ging nicht an", "Schließe das und versuche es noch einmal. Oder nimm die Kamera des Telefons."],
  },
};

/** Why a photo did not close the place that it was for: the fact, then what to do. */
export const whyWords = {
  heading_off: (off, degrees) => [
    `${degrees}° neben der verlangten Richtung`,
    "Der Ort bleibt deiner. Dreh dich zu dem, was gezeigt ist, und mach es noch einmal.",
  ],
  no_heading: () => [
    "Das Telefon sagte nicht, wohin es sah",
    "Es ist aufgehoben. Lass diese Seite den Kompass benutzen und mach es noch einmal.",
  ],
  outside_window: () => ["Nicht zur verlangten Zeit", "Es ist aufgehoben. Mach es noch einmal, wenn die Zeit da ist."],
  before_counts_from: () => ["Der Ort wurde seitdem neu erfragt", "Es ist aufgehoben. Ein neues Foto ist gefragt: Mach es noch einmal."],
  withdrawn: () => ["Dieser Ort wird nicht mehr gebraucht", "Das Foto ist aufgehoben. Du musst es nicht noch einmal machen."],
  no_accuracy: () => ["Das Telefon sagte nicht, wie genau es seinen Standort kannte", "Es ist aufgehoben. Halt still und mach es noch einmal."],
  rejected: () => ["Dieses Foto wurde bei der Prüfung nicht angenommen", "Lies, warum, und mach es noch einmal."],
  no_photo: () => ["Das Foto selbst ist nicht angekommen", "Lass diese Seite offen, bis es sicher ist."],
  refused_photo: () => ["Das Foto war nicht lesbar", "Mach es noch einmal."],
};
