// What is said while places are drawn, in Spanish. Only the desk's page for that loads it.

import { numberText, plural } from "./measures.js";

export const say = {
  first: "Toque la primera esquina en el mapa o escríbala.",
  more: (n) => plural(n, { one: "Una esquina más.", other: `${n} esquinas más.` }),
  begin: "Toque donde empieza la línea o escríbalo.",
  goOn: "Toque por donde sigue.",
  total: (n) => plural(n, { one: `${numberText(n)} lugar`, other: `${numberText(n)} lugares` }),
  sample: (n) => `${numberText(n)} de ellos se muestran en el mapa.`,
  counting: "Contando los lugares",
  lost: "No se puede contactar con el servidor. Inténtelo de nuevo.",
  wrongNumbers: "Escriba una esquina por línea, como 38.8951, -77.0364.",
};
