/** Small parts that several pages share. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Icon, type IconName } from "./icon.tsx";
import { route } from "../state/route.ts";

/**
 * The head of a page: title, what it is about, facts beside it, actions. Sets the title of the tab, and takes the focus after a change of
 * page.
 */
export function PageHead({
  title,
  about,
  beside,
  children,
}: {
  title: string;
  about?: string;
  beside?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const page = route.value.path.join("/");
  useEffect(() => {
    document.title = `${[title, about].filter(Boolean).join(" · ")} · Vibe-Stack admin`;
  }, [title, about]);
  useEffect(() => {
    // The focus of a reader who uses the keyboard goes on at the top of the new page, unless the page has put it into a field.
    if (
      document.activeElement === null ||
      document.activeElement === document.body ||
      !(document.activeElement instanceof HTMLInputElement)
    ) {
      heading.current?.focus({ preventScroll: true });
    }
  }, [page]);
  return (
    <div class="page-head">
      <h1 ref={heading} tabIndex={-1}>
        <bdi>{title}</bdi>
        {about && <span class="about"> {about}</span>}
      </h1>
      {beside}
      <div class="row end grow">{children}</div>
    </div>
  );
}

/** Says that there is nothing, and what to do about it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children && <div class="muted">{children}</div>}
    </div>
  );
}

/** Grey bars in the shape of what will come. */
export function Skeleton({ lines }: { lines: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} class={`bar width-${(index * 7) % 4}`} />
      ))}
    </div>
  );
}

/** The rows of a table that is being loaded. */
export function SkeletonRows({ rows, columns }: { rows: number; columns: number }) {
  return (
    <>
      {Array.from({ length: rows }, (_, row) => (
        <tr key={row} aria-hidden="true" class="skeleton">
          {Array.from({ length: columns }, (_, column) => (
            <td key={column}>
              <div class={`bar width-${(row + column * 3) % 4}`} />
            </td>
          ))}
        </tr>
      ))}
    </>
  );
}

/** Names and values of one thing. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A part of a page with a heading. */
export function Section({ title, beside, children }: { title: string; beside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>{title}</h2>
        <div class="row end grow">{beside}</div>
      </div>
      <div class="card-body stack">{children}</div>
    </section>
  );
}

/** A short mark beside a name, such as "superuser". */
export function Badge({
  kind = "plain",
  children,
}: {
  kind?: "plain" | "accent" | "failed" | "completed";
  children: ComponentChildren;
}) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

/** Text of users and jobs: any script, any direction, kept apart from the text around it. */
export function Foreign({ children }: { children: string }) {
  return <bdi class="foreign">{children}</bdi>;
}
