/** A text without what one leaves out when typing: case and accents. @param {string} text */
export const searchText = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
