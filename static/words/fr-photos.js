// Ce qui est dit des photos, en français : chargé dès que le premier écran est là.

import { megabytes, metresText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** My photos, one by one, and what becomes of them. */
export const photoWords = {
  count: (have, total) => (total ? `${have} sur ${total} en sûreté sur le serveur` : "Pas encore de photo"),
  none: "Vos photos sont listées ici jusqu’à ce que le serveur les ait, et après aussi.",
  counted: (ago) => `Le serveur les a comptées lui-même, ${ago}.`,
  notCounted: "Le serveur n’a pas encore été joint. D’ici là, elles ne sont en sûreté que sur ce téléphone.",
  justNow: "à l’instant",
  tiles: (safe, waiting, problems) => `${safe} en sûreté, ${waiting} en route, ${problems} avec un problème`,
  asOf: (time) => `Pas de réseau. Dernière mise à jour${NBSP}: ${time}.`,
  states: { safe: "En sûreté", sending: "Envoi", waiting: "En attente", problem: "Problème" },
  signal: { none: "Pas de réseau", weak: "Réseau faible", good: "Bon réseau" },
  why: {
    lost: "attend que ce téléphone soit de nouveau connu",
    signal: "attend du réseau, puis part toute seule",
    wifi: "attend un Wi-Fi",
    turn: "part toute seule",
  },
  goesOn: (sent) => `${sent}, continue toute seule`,
  checking: "envoyée ; le serveur la compte",
  untitled: "Une photo",
  line: (time, size) => `${time} · ${size}`,
  size: (bytes) => `${megabytes(bytes)}${NBSP}Mo`,
  cannotShow: "Ce téléphone ne sait pas montrer ce type de photo. Elle est envoyée telle quelle.",
  slotStays: (time) => `Le lieu reste à vous jusqu’à ${time}.`,
  nothingElseLost: "Rien d’autre n’est perdu.",
  take: "La reprendre",
  release: "Rendre le lieu",
  retry: "Réessayer",
  putAside: "Mettre de côté",
  object: "Je pense qu’elle est bonne",
  sendObjection: "Envoyer à quelqu’un d’autre",
  objected: "Envoyé. Quelqu’un d’autre regarde cette photo, et vous le saurez.",
  aside: (n) => plural(n, { one: `${n} photo est mise de côté.`, other: `${n} photos sont mises de côté.` }),
  more: (n) => plural(n, { one: `${n} autre, en sûreté`, other: `${n} autres, toutes en sûreté` }),
  old: (n, days) =>
    plural(days, {
      one: plural(n, { one: `${n} photo attend depuis un jour.`, other: `${n} photos attendent depuis un jour.` }),
      other: plural(n, {
        one: `${n} photo attend depuis ${days} jours.`,
        other: `${n} photos attendent depuis ${days} jours.`,
      }),
    }),
  oldLong: "Ouvrez cette page là où le réseau est bon, ou sauvez-les et donnez-les aux responsables.",
  lost: "Le serveur ne connaît plus ce téléphone. Vos photos restent ici.",
  lostLong: `Demandez un nouveau lien et ouvrez-le sur ce téléphone${NBSP}: elles partiront toutes seules.`,
  others: (n) =>
    plural(n, {
      one: `${n} photo sur ce téléphone a été prise par quelqu’un d’autre.`,
      other: `${n} photos sur ce téléphone ont été prises par quelqu’un d’autre.`,
    }),
  othersLong: "Elles partent quand le lien de cette personne est ouvert ici. D’ici là, vous pouvez les sauver.",
  leaveLater: (n) =>
    plural(n, {
      one: "1 de vos photos de là n’est que sur ce téléphone. Ouvrez « Mon lieu » jusqu’à ce qu’elle soit en sûreté, puis partez.",
      other: `${n} de vos photos de là ne sont que sur ce téléphone. Ouvrez « Mon lieu » jusqu’à ce qu’elles soient en sûreté, puis partez.`,
    }),
  roomShort: (left) => `Ce téléphone a de la place pour encore ${left}.`,
  kept: {
    kept: "Ce téléphone garde les photos non envoyées, même quand la place manque.",
    maybe: `Quand la place manque, ce téléphone peut effacer des photos non envoyées. Ajoutez cette page à l’écran d’accueil${NBSP}: il les garde alors.`,
    unknown: "Ce navigateur ne dit pas s’il garde les photos non envoyées quand la place manque. Envoyez-les bientôt.",
  },
  wifiOff: `Non${NBSP}: les données mobiles servent`,
  wifiOn: `Oui${NBSP}: les photos attendent un Wi-Fi`,
  wifiUnknown:
    "Ce navigateur ne distingue pas Wi-Fi et données mobiles. Pour économiser, coupez plutôt les données mobiles.",
  free: (bytes) => `Libérer ${megabytes(bytes)}${NBSP}Mo`,
  nothingToFree: "Rien à libérer",
  freesOnly: "Ne libère que les photos en sûreté sur le serveur.",
  nothingUnsent: `Toutes les photos sont en sûreté${NBSP}: il n’y a rien à sauver.`,
  freedNow: (bytes) => `${megabytes(bytes)}${NBSP}Mo sont de nouveau libres. Les photos sont en sûreté sur le serveur.`,
  freeFailed: "Le serveur n’a pas pu être interrogé, donc rien n’a été effacé.",
  saved: "Sauvé dans les téléchargements. Les photos restent ici aussi, et partent toujours toutes seules.",
  saveFailed: "Le téléphone n’a pas de place pour le fichier. Faites d’abord de la place.",
  fileName: "capturegraph-photos-non-envoyees",
  readme: (n, name, time) =>
    [
      `${plural(n, { one: `${n} photo`, other: `${n} photos` })} de ${name}, sauvées le ${time} avant que le serveur les ait.`,
      "",
      "photos/         les photos telles que le téléphone les a prises",
      "captures.json   quand et où chacune a été prise, par son identifiant",
      "",
      "Donnez ce fichier aux responsables. N’effacez pas le téléphone avant qu’ils l’aient.",
      "",
    ].join("\n"),
};

/** What a look at a photo found: the fact, then what to do. */
export const checkWords = {
  empty: () => [`La photo est vide${NBSP}: 0 octet. `, "L’appareil n’a pas fini. Reprenez-la."],
  too_large: ({ bytes }) => [
    `La photo fait ${megabytes(bytes)}${NBSP}Mo${NBSP}; 40${NBSP}Mo peuvent être envoyés. `,
    "Choisissez une taille plus petite dans les réglages de l’appareil, puis reprenez-la.",
  ],
  too_many_pixels: ({ pixels }) => [
    `La photo a ${Math.round(pixels / 1e6)} millions de pixels${NBSP}; 60 millions peuvent être envoyés. `,
    "Choisissez une taille plus petite dans les réglages de l’appareil, puis reprenez-la.",
  ],
  not_a_photo: () => ["Ce fichier n’est pas une photo. ", "JPEG, PNG, WebP, HEIC et AVIF peuvent être envoyés. Prenez plutôt une photo."],
  no_room: () => [
    "Le téléphone n’a plus de place pour garder cette photo. ",
    "Laissez cette page ouverte, libérez de la place, puis envoyez-la.",
  ],
  unreachable: () => [
    "Le téléphone ne donne pas cette photo. ",
    `Elle est peut-être dans un nuage${NBSP}: ouvrez-la d’abord dans la galerie, ou reprenez-la.`,
  ],
  unreadable: () => ["Ce téléphone ne sait pas montrer la photo. ", "Elle est peut-être abîmée : mieux vaut la reprendre."],
  unseen: () => ["Ce téléphone ne sait pas montrer la photo (HEIC ou AVIF). ", "Elle est envoyée quand même : le serveur sait la lire."],
  same: ({ at }) => [`Vous avez déjà pris exactement cette photo à ${at}. `, "Prenez-en une nouvelle pour ce lieu."],
  alike: ({ at, title }) => [
    title
      ? `Elle ressemble à votre photo de «${NBSP}${title}${NBSP}», ${at}. `
      : `Elle ressemble à votre photo de ${at}. `,
    "Est-ce le bon lieu ?",
  ],
  from_library: ({ minutes }) => [
    minutes < 120
      ? `Cette photo a ${minutes}${NBSP}minutes. `
      : minutes < 2880
        ? `Cette photo a ${Math.round(minutes / 60)}${NBSP}heures. `
        : `Cette photo a ${Math.round(minutes / 1440)}${NBSP}jours. `,
    "Seule une photo prise ici et maintenant fait le lieu. Elle peut encore être acceptée à la relecture.",
  ],
  denied: () => [
    "La photo n’a pas de position : cette page n’a pas le droit de la lire. ",
    "Autorisez-la dans les réglages du navigateur, puis reprenez la photo. Elle peut encore être acceptée à la relecture.",
  ],
  no_position: () => [
    "La photo n’a pas encore de position. ",
    "Mettez-vous à découvert, attendez la distance, puis reprenez-la.",
  ],
  far: ({ metres, allowed }) => [
    `À ${metresText(metres)} du lieu${NBSP}; il faut moins de ${metresText(allowed)}. `,
    "Approchez-vous et reprenez-la.",
  ],
  made_up: () => ["La position est inventée. ", "Désactivez les positions fictives sur ce téléphone, puis reprenez-la."],
  rough: ({ accuracy, allowed }) => [
    `Le téléphone ne connaissait sa position qu’à ±${metresText(accuracy)}${NBSP}; il faut ±${metresText(allowed)}. `,
    "Mettez-vous à découvert, ne bougez pas un instant, puis reprenez-la.",
  ],
  dark: ({ percent }) => [
    `Il fait sombre${NBSP}: ${percent}${NBSP}% de la pleine lumière. `,
    "Tournez-vous pour avoir le soleil dans le dos, ou utilisez la lampe.",
  ],
  blurred: () => ["Elle est floue. ", "Tenez le téléphone à deux mains, touchez pour faire la mise au point, reprenez-la."],
};

/** The camera inside the page. */
export const finderWords = {
  lineUp: "Alignez sur le contour jaune",
  outline: "Contour",
  strength: "Force du contour",
  torch: "Lampe",
  zoom: "Agrandissement",
  close: "Fermer l’appareil photo",
  ownCamera: "Utiliser l’appareil du téléphone",
  facing: (direction, degrees) => `vers ${direction}, ${degrees}°`,
  position: (accuracy) =>
    accuracy === null
      ? ["Pas encore de position", "Restez à découvert."]
      : accuracy <= 10
        ? [`Bonne position${NBSP}: ±${metresText(accuracy)}`, ""]
        : accuracy <= 25
          ? [`Ne bougez pas${NBSP}: ±${metresText(accuracy)}`, `Mieux que ±${metresText(10)} dans quelques secondes.`]
          : [`Position imprécise${NBSP}: ±${metresText(accuracy)}`, "Mettez-vous à découvert."],
  denied: ["Pas de position", "Autorisez-la dans les réglages du navigateur : sans elle, la photo ne fait rien d’elle-même."],
  dim: ["Un peu sombre", "Tournez-vous pour avoir le soleil dans le dos."],
  distance: (metres, allowed, near) =>
    near
      ? ["Assez près", `À ${metresText(metres)} du lieu. Il faut moins de ${metresText(allowed)}.`]
      : ["Trop loin", `À ${metresText(metres)} du lieu. Il faut moins de ${metresText(allowed)}.`],
  trouble: {
    denied: [
      "Cette page n’a pas le droit d’utiliser l’appareil photo",
      "Autorisez-le dans les réglages du navigateur, à côté de l’adresse. Ou prenez la photo avec l’appareil du téléphone.",
    ],
    none: ["Aucun appareil photo trouvé", "Prenez la photo avec l’appareil du téléphone, ou choisissez-en une que vous venez de prendre."],
    busy: ["L’appareil photo est occupé", "Fermez l’autre appli ou onglet qui l’utilise. Ou prenez l’appareil du téléphone."],
    insecure: [
      "Le navigateur ne donne pas d’appareil photo à cette page",
      "Il faut une adresse en https. Prenez la photo avec l’appareil du téléphone.",
    ],
    other: ["L’appareil photo n’a pas démarré", "Fermez ceci et réessayez. Ou prenez l’appareil du téléphone."],
  },
};

/** Why a photo did not close the place that it was for: the fact, then what to do. */
export const whyWords = {
  heading_off: (off, degrees) => [
    `À ${degrees}° de la direction demandée`,
    "Le lieu reste à vous. Tournez-vous vers ce qui est montré, et reprenez-la.",
  ],
  no_heading: () => [
    "Le téléphone n’a pas dit dans quelle direction il regardait",
    "Elle est gardée. Laissez cette page utiliser la boussole, et reprenez-la.",
  ],
  outside_window: () => ["Pas à l’heure demandée", "Elle est gardée. Reprenez-la quand son heure sera venue."],
  before_counts_from: () => ["Le lieu a été redemandé depuis", "Elle est gardée. Il faut une nouvelle photo : reprenez-la."],
  withdrawn: () => ["Ce lieu n’est plus nécessaire", "La photo est gardée. Vous n’avez pas à la reprendre."],
  no_accuracy: () => ["Le téléphone n’a pas dit sa précision", "Elle est gardée. Ne bougez pas, et reprenez-la."],
  rejected: () => ["Cette photo n’a pas été acceptée à la relecture", "Lisez pourquoi, puis reprenez-la."],
  no_photo: () => ["La photo elle-même n’est pas arrivée", "Gardez cette page ouverte jusqu’à ce qu’elle soit en sûreté."],
  refused_photo: () => ["La photo n’a pas pu être lue", "Reprenez-la."],
};
