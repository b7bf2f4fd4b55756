/** The mark of the product, on every page. */

/** A diode: what goes through it goes one way. */
const MARK =
  '<rect width="32" height="32" rx="7" fill="#0b5cad"/><path d="M7 8v16l12-8zM20.5 8H24.5v16H20.5z" fill="#fff"/>';

/** Beside the name of the product, which says what it is. */
export const LOGO = `<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">${MARK}</svg>`;
/** For tabs and bookmarks. */
export const ICON = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${MARK}</svg>`)}`;
