/** A text for searching: without case and accents. @param {string} text */
export const searchText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
