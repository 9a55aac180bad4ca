/**
 * What the days that a certificate has left mean; pure.
 */

import type { Row } from "./report.ts";

/** A certificate and what depends on it. */
export interface CertificateFinding {
  /** Whose it is, in words. */
  readonly name: string;
  /** When it begins to be in force, in milliseconds since 1970. */
  readonly validFrom: number;
  /** When it ends, in milliseconds since 1970. */
  readonly validTo: number;
  /** Whether anything fails when it is not in force. */
  readonly isNeeded: boolean;
  /** This machine's clock, in milliseconds since 1970. */
  readonly wallTime: number;
  /** For programs. */
  readonly values: NonNullable<Row["values"]>;
}

/** A certificate that ends within so many days is warned of. */
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
    const found = `${name}: expired ${-days} days ago`;
    return { level, subject, found, advice: "have it renewed", values };
  }
  if (validFrom > wallTime) {
    const found = `${name}: not yet in force`;
    return { level, subject, found, advice: "check this machine's clock", values };
  }
  const found = `${name}: ${days} days left`;
  if (days > WARN_DAYS) return { level: "ok", subject, found, values };
  return { level: "warning", subject, found, advice: "have it renewed in time", values };
}
