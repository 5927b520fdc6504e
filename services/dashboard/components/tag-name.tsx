import { Fragment } from "react";

/** A tag's name, or several: it may be broken after an underscore, and reads as it is written. */
export function TagName({ name }: { name: string }) {
  return name.split(/(?<=_)/).map((part, index) => (
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}
