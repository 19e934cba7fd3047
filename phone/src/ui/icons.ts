/** Our own line icons, 24 by 24. */

import { html, svg, type TemplateResult } from "lit";

const SHAPES = {
  scan: svg`<path d="M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M4 12h16"/>`,
  list: svg`<path d="M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01"/>`,
  box: svg`<path d="M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8"/>`,
  me: svg`<path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 20c1-4 4-5 8-5s7 1 8 5"/>`,
  tube: svg`<path d="M8 3h8M9 3v14a3 3 0 0 0 6 0V3M9 11h6"/>`,
  check: svg`<path d="M5 12l5 5 9-10"/>`,
  stop: svg`<path d="M6 6l12 12M18 6L6 18"/>`,
  undo: svg`<path d="M8 6L4 10l4 4M4 10h10a5 5 0 0 1 0 10h-3"/>`,
  camera: svg`<path d="M4 8h3l2-3h6l2 3h3v11H4zM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6"/>`,
  photo: svg`<path d="M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01"/>`,
  phone: svg`<path d="M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1M11 18h2"/>`,
  up: svg`<path d="M12 19V5M6 11l6-6 6 6"/>`,
  cloud: svg`<path d="M7 18a4 4 0 0 1 0-8 5 5 0 0 1 10-1 4.500 4.500 0 0 1 0 9zM9 13l2 2 4-4"/>`,
  warn: svg`<path d="M12 4l9 16H3zM12 10v4M12 17h.01"/>`,
  lock: svg`<path d="M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3"/>`,
  flag: svg`<path d="M6 21V4h11l-2 4 2 4H6"/>`,
  map: svg`<path d="M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11M12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4"/>`,
  look: svg`<path d="M5 4h14v16H5zM8 9l2 2 3-4M8 15h8"/>`,
  light: svg`<path d="M9 18h6M10 21h4M8 14a5 5 0 1 1 8 0c-1 1-1 2-1 3H9c0-1 0-2-1-3"/>`,
} as const;

export type Icon = keyof typeof SHAPES;

export function icon(name: Icon): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`;
}
