// Qué significan los ajustes de un objetivo, en español: solo lo carga esa página.

import { metresText, minutesText, numberText, plural } from "./measures.js";

export const settingsWords = {
  counts: (allowed) => `Una foto a menos de ${allowed} del lugar cuenta.`,
  others: (n) =>
    plural(n, {
      one: `${n} lugar más queda dentro: una foto desde aquí vale para los dos.`,
      other: `${n} lugares más quedan dentro: una foto desde aquí vale para todos.`,
    }),
  noOthers: "Ningún otro lugar queda dentro: cada uno necesita su foto.",
  sigma: (allowed) => `Con el umbral: ${allowed} alrededor de cada lugar.`,
  accuracy: (most) => `Se cree a un teléfono que conoce su posición a ±${most} o mejor.`,
  heading: (degrees) => `Desde el mismo lugar, hasta ${degrees}° a cada lado; desde más lejos, menos.`,
  headingAll: "Desde el mismo lugar cuenta cualquier dirección.",
  headingOff: "Las direcciones no se comparan.",
  lease: (metres, walk, lease) =>
    `Quien está a ${metresText(metres)} camina ${minutesText(walk)} y conserva el lugar durante ${minutesText(lease)}.`,
  batch: (n) =>
    plural(n, { one: "Espera un lugar a la vez.", other: `Esperan ${numberText(n)} lugares a la vez.` }),
  batchAll: "Esperan todos los lugares.",
  publicNothing: "Nadie más ve nada.",
  publicRound: (square) =>
    `Todo el mundo ve en qué cuadrado de ${square} se tomó una foto, no en qué punto de él. Otro tamaño más adelante dice algo más a quien guardó ambos.`,
  publicExact: "Todo el mundo ve exactamente dónde se tomó cada foto.",
  tryIn: (off, allowed) => `Cuenta: a ${off}, y se permiten ${allowed}.`,
  tryOut: (off, allowed) => `No cuenta: a ${off}, y se permiten ${allowed}.`,
  tryRough: (accuracy, most) => `Tiene que mirarla un revisor: ±${accuracy} es peor que ±${most}.`,
  likely: (n) =>
    n === 0
      ? "De diez fotos así, ninguna se tomó realmente dentro."
      : `De diez fotos así, ${n === 10 ? "todas" : `unas ${n}`} se tomaron realmente dentro.`,
  unsaved: "Aún no se ha guardado.",
};
