// Lo que se dice de las fotos, en español: se carga en cuanto se ve la primera pantalla.

import { megabytes, metresText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** My photos, one by one, and what becomes of them. */
export const photoWords = {
  count: (have, total) => (total ? `${have} de ${total} a salvo en el servidor` : "Aún no hay fotos"),
  none: "Aquí están tus fotos hasta que las tenga el servidor, y también después.",
  counted: (ago) => `El servidor mismo las ha contado, ${ago}.`,
  notCounted: "Aún no se ha llegado al servidor. Hasta entonces solo están a salvo en este teléfono.",
  justNow: "ahora mismo",
  tiles: (safe, waiting, problems) => `${safe} a salvo, ${waiting} en camino, ${problems} con un problema`,
  asOf: (time) => `Sin señal. Última actualización: ${time}.`,
  states: { safe: "A salvo", sending: "Enviando", waiting: "En espera", problem: "Problema" },
  signal: { none: "Sin señal", weak: "Señal débil", good: "Buena señal" },
  why: {
    lost: "espera a que este teléfono se conozca otra vez",
    signal: "espera señal, y después va sola",
    wifi: "espera un Wi-Fi",
    turn: "va sola",
  },
  goesOn: (sent) => `${sent}, sigue sola`,
  checking: "enviada; el servidor la cuenta",
  untitled: "Una foto",
  line: (time, size) => `${time} · ${size}`,
  size: (bytes) => `${megabytes(bytes)}${NBSP}MB`,
  cannotShow: "Este teléfono no puede mostrar este tipo de foto. Se envía tal cual.",
  slotStays: (time) => `El lugar es tuyo hasta las ${time}.`,
  nothingElseLost: "No se ha perdido nada más.",
  take: "Hacerla otra vez",
  release: "Devolver el lugar",
  retry: "Probar otra vez",
  putAside: "Apartar",
  object: "Creo que está bien",
  sendObjection: "Enviar a otra persona",
  objected: "Enviado. Otra persona vuelve a mirar esta foto, y te avisamos.",
  aside: (n) => plural(n, { one: "1 foto está apartada.", other: `${n} fotos están apartadas.` }),
  more: (n) => plural(n, { one: "1 más, a salvo", other: `${n} más, todas a salvo` }),
  old: (n, days) =>
    plural(days, {
      one: plural(n, { one: "1 foto espera desde hace un día.", other: `${n} fotos esperan desde hace un día.` }),
      other: plural(n, {
        one: `1 foto espera desde hace ${days} días.`,
        other: `${n} fotos esperan desde hace ${days} días.`,
      }),
    }),
  oldLong: "Abre esta página donde haya buena señal, o guárdalas y dáselas a quien coordina.",
  lost: "El servidor ya no conoce este teléfono. Tus fotos siguen aquí.",
  lostLong: "Pide un enlace nuevo y ábrelo en este teléfono: entonces van solas.",
  others: (n) =>
    plural(n, {
      one: "1 foto de este teléfono la hizo otra persona.",
      other: `${n} fotos de este teléfono las hizo otra persona.`,
    }),
  othersLong: "Van cuando se abre aquí el enlace de esa persona. Hasta entonces puedes guardarlas.",
  leaveLater: (n) =>
    plural(n, {
      one: "1 foto tuya de allí está solo en este teléfono. Abre «Mi lugar» hasta que esté a salvo y luego déjalo.",
      other: `${n} fotos tuyas de allí están solo en este teléfono. Abre «Mi lugar» hasta que estén a salvo y luego déjalo.`,
    }),
  roomShort: (left) => `En este teléfono hay sitio para ${left} más.`,
  kept: {
    kept: "Este teléfono guarda las fotos sin enviar, también cuando falta sitio.",
    maybe:
      "Cuando falta sitio, este teléfono puede borrar fotos sin enviar. Añade esta página a la pantalla de inicio: así las guarda.",
    unknown: "Este navegador no dice si guarda las fotos sin enviar cuando falta sitio. Envíalas pronto.",
  },
  wifiOff: "No: se usan datos móviles",
  wifiOn: "Sí: las fotos esperan un Wi-Fi",
  wifiUnknown: "Este navegador no distingue Wi-Fi y datos móviles. Para ahorrar, apaga los datos móviles.",
  free: (bytes) => `Liberar ${megabytes(bytes)}${NBSP}MB`,
  nothingToFree: "Nada que liberar",
  freesOnly: "Solo libera fotos que están a salvo en el servidor.",
  nothingUnsent: "Todas las fotos están a salvo: no hay nada sin enviar que guardar.",
  freedNow: (bytes) => `${megabytes(bytes)}${NBSP}MB están libres otra vez. Las fotos están a salvo en el servidor.`,
  freeFailed: "Ahora no se pudo preguntar al servidor, así que no se borró nada.",
  saved: "Guardado en las descargas. Las fotos siguen aquí también, y se envían solas.",
  saveFailed: "En el teléfono no hay sitio para el archivo. Libera espacio primero.",
  fileName: "capturegraph-fotos-sin-enviar",
  readme: (n, name, time) =>
    [
      `${plural(n, { one: "1 foto", other: `${n} fotos` })} de ${name}, guardadas el ${time} antes de que las tuviera el servidor.`,
      "",
      "photos/         las fotos como las hizo el teléfono",
      "captures.json   cuándo y dónde se hizo cada una, por su id",
      "",
      "Da este archivo a quien coordina. No borres el teléfono antes de que lo tenga.",
      "",
    ].join("\n"),
};

/** What a look at a photo found: the fact, then what to do. */
export const checkWords = {
  empty: () => ["La foto está vacía: 0 bytes. ", "La cámara no terminó. Hazla otra vez."],
  too_large: ({ bytes }) => [
    `La foto tiene ${megabytes(bytes)}${NBSP}MB; se pueden enviar 40${NBSP}MB. `,
    "Elige un tamaño menor en los ajustes de la cámara, y hazla otra vez.",
  ],
  too_many_pixels: ({ pixels }) => [
    `La foto tiene ${Math.round(pixels / 1e6)} millones de píxeles; se pueden enviar 60 millones. `,
    "Elige un tamaño menor en los ajustes de la cámara, y hazla otra vez.",
  ],
  not_a_photo: () => ["Este archivo no es una foto. ", "Se pueden enviar JPEG, PNG, WebP, HEIC y AVIF. Haz una foto."],
  no_room: () => [
    "En el teléfono no hay sitio para guardar esta foto. ",
    "Deja esta página abierta, libera espacio y luego envíala.",
  ],
  unreachable: () => [
    "El teléfono no entrega esta foto. ",
    "Quizá está en una nube: ábrela primero en la galería, o hazla otra vez.",
  ],
  unreadable: () => ["Este teléfono no puede mostrar la foto. ", "Quizá está dañada: mejor hazla otra vez."],
  unseen: () => ["Este teléfono no puede mostrar la foto (HEIC o AVIF). ", "Se envía igual: el servidor puede leerla."],
  same: ({ at }) => [`Ya hiciste esta misma foto a las ${at}. `, "Haz una nueva para este lugar."],
  alike: ({ at, title }) => [
    title ? `Se parece a tu foto de «${title}», ${at}. ` : `Se parece a tu foto de ${at}. `,
    "¿Es este el lugar correcto?",
  ],
  from_library: ({ minutes }) => [
    minutes < 120
      ? `Esta foto tiene ${minutes}${NBSP}minutos. `
      : minutes < 2880
        ? `Esta foto tiene ${Math.round(minutes / 60)}${NBSP}horas. `
        : `Esta foto tiene ${Math.round(minutes / 1440)}${NBSP}días. `,
    "Solo una hecha aquí y ahora cierra el lugar. Aún se puede aceptar en la revisión.",
  ],
  denied: () => [
    "La foto no tiene posición: esta página no puede usarla. ",
    "Permítelo en los ajustes del navegador, y hazla otra vez. Aún se puede aceptar en la revisión.",
  ],
  no_position: () => [
    "La foto aún no tiene posición. ",
    "Sal a un lugar abierto, espera la distancia, y hazla otra vez.",
  ],
  far: ({ metres, allowed }) => [
    `A ${metresText(metres)} del lugar; se piden menos de ${metresText(allowed)}. `,
    "Acércate y hazla otra vez.",
  ],
  made_up: () => ["La posición es inventada. ", "Desactiva las ubicaciones simuladas en este teléfono, y hazla otra vez."],
  rough: ({ accuracy, allowed }) => [
    `El teléfono solo sabía su posición con ±${metresText(accuracy)}; hace falta ±${metresText(allowed)}. `,
    "Sal a un lugar abierto, no te muevas un poco, y hazla otra vez.",
  ],
  dark: ({ percent }) => [
    `Está oscura: ${percent}${NBSP}% de la luz plena. `,
    "Gírate para tener el sol a la espalda, o usa la luz.",
  ],
  blurred: () => ["Está borrosa. ", "Sujeta el teléfono con las dos manos, toca para enfocar, y hazla otra vez."],
};

/** The camera inside the page. */
export const finderWords = {
  lineUp: "Alinea con el contorno amarillo",
  outline: "Contorno",
  strength: "Fuerza del contorno",
  torch: "Luz",
  zoom: "Ampliación",
  close: "Cerrar la cámara",
  ownCamera: "Usar la cámara del teléfono",
  facing: (direction, degrees) => `mirando al ${direction}, ${degrees}°`,
  position: (accuracy) =>
    accuracy === null
      ? ["Aún sin posición", "Quédate al aire libre."]
      : accuracy <= 10
        ? [`Buena posición: ±${metresText(accuracy)}`, ""]
        : accuracy <= 25
          ? [`No te muevas: ±${metresText(accuracy)}`, `Mejor que ±${metresText(10)} en unos segundos.`]
          : [`Posición imprecisa: ±${metresText(accuracy)}`, "Sal a un lugar abierto."],
  denied: ["Sin posición", "Permítela en los ajustes del navegador: sin ella la foto no cierra nada por sí sola."],
  dim: ["Un poco oscuro", "Gírate para tener el sol a la espalda."],
  distance: (metres, allowed, near) =>
    near
      ? ["Bastante cerca", `A ${metresText(metres)} del lugar. Se piden menos de ${metresText(allowed)}.`]
      : ["Demasiado lejos", `A ${metresText(metres)} del lugar. Se piden menos de ${metresText(allowed)}.`],
  trouble: {
    denied: [
      "Esta página no puede usar la cámara",
      "Permítelo en los ajustes del navegador, junto a la dirección. O usa la cámara del teléfono.",
    ],
    none: ["No se encontró ninguna cámara", "Usa la cámara del teléfono, o elige una foto que acabes de hacer."],
    busy: ["La cámara está en uso", "Cierra la otra app o pestaña que la usa. O usa la cámara del teléfono."],
    insecure: [
      "El navegador no da cámara a esta página",
      "Hace falta una dirección con https. Usa la cámara del teléfono.",
    ],
    other: ["La cámara no arrancó", "Cierra esto y prueba otra vez. O usa la cámara del teléfono."],
  },
};

/** Why a photo did not close the place that it was for: the fact, then what to do. */
export const whyWords = {
  heading_off: (off, degrees) => [
    `A ${degrees}° de la dirección pedida`,
    "El lugar sigue siendo tuyo. Gírate hacia lo que se muestra, y hazla otra vez.",
  ],
  no_heading: () => [
    "El teléfono no dijo hacia dónde miraba",
    "Está guardada. Deja que esta página use la brújula, y hazla otra vez.",
  ],
  outside_window: () => ["No a la hora pedida", "Está guardada. Hazla otra vez cuando llegue su hora."],
  before_counts_from: () => ["El lugar se pidió de nuevo desde entonces", "Está guardada. Hace falta una foto nueva: hazla otra vez."],
  withdrawn: () => ["Este lugar ya no hace falta", "La foto está guardada. No tienes que hacerla otra vez."],
  no_accuracy: () => ["El teléfono no dijo con qué precisión sabía su posición", "Está guardada. No te muevas, y hazla otra vez."],
  rejected: () => ["Esta foto no se aceptó en la revisión", "Lee por qué, y hazla otra vez."],
  no_photo: () => ["La foto misma no ha llegado", "Deja esta página abierta hasta que esté a salvo."],
  refused_photo: () => ["La foto no se pudo leer", "Hazla otra vez."],
};
