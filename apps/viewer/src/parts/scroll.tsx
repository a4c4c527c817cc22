import type { ComponentChildren } from "preact";

interface ScrollProperties {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** A table that may be wider than the screen; it takes the focus so that the keyboard can move it. */
export function Scroll({ label, children }: ScrollProperties) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard could not scroll (axe: scrollable-region-focusable).
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
