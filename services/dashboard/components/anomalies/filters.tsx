"use client";

import Form from "next/form";
import Link from "next/link";
import { useFormStatus } from "react-dom";
import { isFiltered, type Asked } from "./query";
import styles from "./anomalies.module.css";

/** What to show. It is a form with an address: each choice can be kept, sent and gone back to. */
export function Filters({ asked }: { asked: Asked }) {
  return (
    <Form
      action="/anomalies"
      className={styles.filters}
      role="search"
      aria-label="Filter anomalies"
      onChange={(event) => {
        if (event.target instanceof HTMLSelectElement) event.currentTarget.requestSubmit();
      }}
    >
      <Choice name="status" label="Status" value={asked.status || "open"} choices={STATUSES} />
      <Choice name="severity" label="Severity" value={asked.severity} choices={SEVERITIES} />
      <Choice name="since" label="Seen" value={asked.since} choices={AGES} />
      <Choice name="sort" label="Sort" value={asked.sort || "newest"} choices={SORTS} />
      <label>
        Tag, or a part of its name
        <input name="tag" type="search" defaultValue={asked.tag} />
      </label>
      <label>
        Source
        <input name="source" type="search" defaultValue={asked.source} />
      </label>
      <Show />
      {isFiltered(asked) && (
        <Link href="/anomalies" prefetch={false}>
          Clear
        </Link>
      )}
    </Form>
  );
}

function Show() {
  const { pending } = useFormStatus();
  return <button type="submit">{pending ? "Looking…" : "Show"}</button>;
}

type Choices = readonly (readonly [value: string, words: string])[];

function Choice({ name, label, value, choices }: { name: string; label: string; value: string; choices: Choices }) {
  return (
    <label>
      {label}
      <select name={name} defaultValue={value} key={value}>
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

const STATUSES = [
  ["open", "Open"],
  ["resolved", "Resolved"],
  ["all", "All"],
] as const;

const SEVERITIES = [
  ["", "Any"],
  ["critical", "Critical"],
  ["high", "High"],
  ["medium", "Medium"],
  ["low", "Low"],
] as const;

const AGES = [
  ["", "Any time"],
  ["1h", "Last hour"],
  ["8h", "Last 8 hours"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
] as const;

const SORTS = [
  ["newest", "Newest first"],
  ["oldest", "Oldest first"],
  ["severity", "Worst first"],
  ["last-seen", "Last seen first"],
  ["occurrences", "Most seen first"],
] as const;
