// @ts-check
// Streets and units under the names that they had at the moment that a board shows.

/**
 * @param {Places} places  the names in it are written over
 * @param {boolean} isEnglish
 * @returns {(then: {streets: Record<string, [string, string]>, units: Record<string, [string, string]>}|undefined) => boolean}
 *   takes the names that differ from the present ones over; whether any name has changed by that
 */
export const makePastNames = (places, isEnglish) => {
  const streetNames = Object.fromEntries(Object.entries(places.streets).map(([code, street]) => [code, street.name])),
    unitNames = {...places.units};
  let told = JSON.stringify({streets: {}, units: {}});
  /** @param {[string, string]} names */
  const inWords = ([name, nameEn]) => (isEnglish && nameEn) || name;
  return then => {
    const text = JSON.stringify(then || {streets: {}, units: {}});
    if (text === told) return false;
    told = text;
    const {streets, units} = then || {streets: {}, units: {}};
    for (const [code, street] of Object.entries(places.streets))
      street.name = streets[code] ? inWords(streets[code]) : streetNames[code];
    for (const code of Object.keys(places.units)) if (!(code in unitNames)) delete places.units[code];
    Object.assign(places.units, unitNames);
    for (const [code, names] of Object.entries(units)) places.units[code] = inWords(names);
    return true;
  };
};
