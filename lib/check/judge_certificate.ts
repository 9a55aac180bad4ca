/**
 * What the remaining days of a certificate mean; pure.
 */

import { counted } from "../base/counted.ts";
import type { Row } from "./report.ts";

/** A certificate and what depends on it. */
export interface CertificateFinding {
  /** What it is a certificate of, in words. */
  readonly name: string;
  /** When it becomes valid, in milliseconds since 1970. */
  readonly validFrom: number;
  /** When it expires, in milliseconds since 1970. */
  readonly validTo: number;
  /** Whether anything fails while it is not valid. */
  readonly isNeeded: boolean;
  /** This machine's clock, in milliseconds since 1970. */
  readonly wallTime: number;
  /** More figures for programs. */
  readonly values: NonNullable<Row["values"]>;
}

/** Warn of a certificate that expires within this number of days. */
const WARN_DAYS = 14;

const MS_PER_DAY = 86_400_000;

/** The row on a certificate. */
export function judgeCertificate(finding: CertificateFinding): Row {
  const { name, validFrom, validTo, isNeeded, wallTime } = finding;
  const subject = "certificate";
  const days = Math.floor((validTo - wallTime) / MS_PER_DAY);
  const values = { ...finding.values, days_left: days };
  const level = isNeeded ? "failure" : "warning";
  if (days < 0) {
    const found = `${name}: expired ${counted(-days, "day")} ago`;
    return { level, subject, found, advice: "renew it, or ask its owner to", values };
  }
  if (validFrom > wallTime) {
    const found = `${name}: not valid yet`;
    return { level, subject, found, advice: "check this machine's clock", values };
  }
  const found = `${name}: ${counted(days, "day")} left`;
  if (days > WARN_DAYS) return { level: "ok", subject, found, values };
  return {
    level: "warning",
    subject,
    found,
    advice: "renew it in time, or ask its owner to",
    values,
  };
}
