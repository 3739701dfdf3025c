// Links that leave the page: to the phone's navigation, and to the person whom one can ask.

/** A title inside the brackets of an address: brackets of its own are written out. */
function bare(title) {
  return encodeURIComponent(title || "").replaceAll("(", "%28").replaceAll(")", "%29");
}

/**
 * The address that opens the phone's own map application on a place; a page with a map where it has none.
 * @param {{latitude: number, longitude: number, title?: string}} place
 * @param {string} agent what the browser says it is
 */
export function navigationAddress({ latitude, longitude, title }, agent) {
  const place = `${latitude},${longitude}`;
  if (/iPhone|iPad|Macintosh/.test(agent)) {
    return `maps://?daddr=${place}&dirflg=w`;
  }
  if (/Android/.test(agent)) {
    return `geo:${place}?q=${place}(${bare(title)})`;
  }
  return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=17/${latitude}/${longitude}`;
}

/** The link that reaches somebody by what a target's contact says: {href, text}; href null where it is only words. */
export function contactLink(contact) {
  const mail = contact.match(/[^\s<>,;]+@[^\s<>,;]+\.[^\s<>,;]+/);
  const phone = contact.match(/\+?\d[\d\s()./-]{5,}\d/);
  const href = mail ? `mailto:${mail[0]}` : phone ? `tel:${phone[0].replace(/[^\d+]/g, "")}` : null;
  return { href, text: contact };
}
