/** Icons: paths on a grid of 16. They are decoration; a text beside them, or a label, says the same. */

const PATHS = {
  overview: "M2.5 9.5h3v4h-3zM6.5 2.5h3v11h-3zM10.5 6.5h3v7h-3z",
  jobs: "M2.5 4h11M2.5 8h11M2.5 12h7",
  users: "M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c.4-2.6 2.3-4 5-4s4.6 1.4 5 4",
  token: "M5.5 10.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8.5 7.5h5v2.500M11.5 7.500v2",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10.7 10.7 14 14",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  copy: "M5.5 5.500v-3h8v8h-3M2.5 5.500h8v8h-8z",
  download: "M8 2.500v7.500M4.5 7 8 10.5 11.5 7M2.5 13.500h11",
  retry: "M13 8a5 5 0 1 1-1.5-3.600M13 2v3h-3",
  stop: "M4 4h8v8H4z",
  trash: "M2.5 4.500h11M6 4.500v-2h4v2M4 4.500l.7 9h6.600l.7-9",
  chevron: "M6 4l4 4-4 4",
  down: "M4 6l4 4 4-4",
  left: "M10 4l-4 4 4 4",
  menu: "M2.5 4.500h11M2.5 8h11M2.5 11.500h11",
  sun: "M8 10.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.500v1.500M8 13v1.500M1.5 8H3M13 8h1.500M3.4 3.400l1 1M11.6 11.600l1 1M3.4 12.600l1-1M11.6 4.400l1-1",
  pause: "M5.5 3.500v9M10.5 3.500v9",
  play: "M5 3.500v9l7-4.500z",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.500V8l2.5 1.5",
  shield: "M8 1.8 13 3.500v4c0 3.3-2 5.5-5 6.7-3-1.2-5-3.4-5-6.700v-4z",
  mail: "M2 3.500h12v9H2zM2 4l6 5 6-5",
  ban: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.8 3.800l8.4 8.4",
  logout: "M6.5 2.500h-4v11h4M6 8h7.500M10.5 5l3 3-3 3",
  external: "M6.5 3h-4v10.500h10.500v-4M9 2.500h4.500V7M13.5 2.5 7.5 8.5",
  keyboard: "M1.5 4h13v8.500h-13zM4 6.500h.1M6.7 6.500h.1M9.3 6.500h.1M12 6.500h.1M5 10h6",
  warning: "M8 2 14.5 13.500h-13zM8 6.500v3.500M8 11.800v.1",
  arrows: "M5 2.500v11M2.5 11 5 13.5 7.5 11M11 13.500v-11M8.5 5 11 2.5 13.5 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
