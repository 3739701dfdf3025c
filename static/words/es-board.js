// What the board's scripts say, in Spanish. Loaded by the console only.

import { numberText } from "./measures.js";

export const board = {
  chosen: (n) => (n === 1 ? "1 lugar elegido" : `${numberText(n)} lugares elegidos`),
  noneChosen: "No hay nada elegido.",
  tooMany: (n) => `No se pueden cambiar más de ${numberText(n)} a la vez. Rodee menos.`,
  did: {
    withdraw: (n) => (n === 1 ? "1 lugar retirado." : `${numberText(n)} lugares retirados.`),
    release: (n) => (n === 1 ? "1 lugar recuperado." : `${numberText(n)} lugares recuperados.`),
    priority: (n) => (n === 1 ? "1 lugar tiene la nueva prioridad." : `${numberText(n)} lugares tienen la nueva prioridad.`),
    assign: (n) => (n === 1 ? "1 lugar asignado: lo recibirá cuando pida." : `${numberText(n)} lugares asignados: los recibirá cuando pida.`),
    undo_withdraw: (n) => (n === 1 ? "1 lugar ha vuelto." : `${numberText(n)} lugares han vuelto.`),
    undo_priority: (n) => (n === 1 ? "1 lugar recuperó su prioridad." : `${numberText(n)} lugares recuperaron su prioridad.`),
  },
  told: (n) => (n === 1 ? "Se avisó a 1 persona." : `Se avisó a ${numberText(n)} personas.`),
  left: (list) => `Quedaron como estaban: ${list}.`,
  why: {
    held: "ocupados",
    fulfilled: "hechos",
    withdrawn: "ya retirados",
    same: "ya iguales",
    nobody: "de nadie",
    theirs: "ya suyos",
    photographed: "ya fotografiados por esa persona",
    declined: "rechazados por esa persona",
    window: "no abiertos entonces",
    changed: "cambiados desde entonces",
    not_capturable: "inaccesibles",
    pool: "en reserva",
    waiting: "en espera",
  },
  leftOne: (n, why) => `${numberText(n)} ${why}`,
  wrongPriority: "Escriba un número entero de 0 a 100.",
  notFiltered: "No se pudo aplicar el filtro. Cámbielo o inténtelo de nuevo.",
  failed: "No funcionó. No se cambió nada: inténtelo de nuevo.",
};
