// What the server sends, by its structs. Made by `python -m dashboard.live.wire_types`: do not edit.

export type PresentEscalation = [
  to: string,
  reason_code: string,
  at: number | null,
  deadline_at: number | null,
  acknowledged_at: number | null,
  from_: string,
  acknowledged_by: string,
];

export type DeclinedProposal = [
  by: string,
  at: number,
  why: string,
];

export type WallCase = [
  case_id: string,
  version: number,
  lon: number | null,
  lat: number | null,
  street: string,
  domain: string,
  class_name: string,
  severity: number,
  status: string,
  channel: string,
  level: string,
  reported_at: number,
  deadline_at: number | null,
  estimated: boolean,
  escalation: PresentEscalation | null,
  light: number,
  unseen: number,
];

export type DeskCase = [
  case_id: string,
  version: number,
  lon: number | null,
  lat: number | null,
  street: string,
  domain: string,
  class_name: string,
  severity: number,
  status: string,
  channel: string,
  level: string,
  reported_at: number,
  deadline_at: number | null,
  estimated: boolean,
  escalation: PresentEscalation | null,
  light: number,
  unseen: number,
  community: string,
  grid: string,
  lead_unit: string,
  handle_deadline_at: number | null,
  takeover_at: number | null,
  takeover_rule: string,
  returns: number,
  reworks: number,
  proposal: string,
  whistled_at: number | null,
  neighbour: string,
  declined: DeclinedProposal | null,
];

/** An open case: a wall's has the wall's fields, a desk's has more behind them. */
export type Row = WallCase | DeskCase;

export interface ScreenDelta {
  seq: number;
  rev: number;
  at: number;
  last_entry: string;
  rows?: Row[];
  gone?: string[];
  tiles?: {[name: string]: any};
}

export interface SnapshotPart {
  epoch: string;
  seq: number;
  rev: number;
  at: number;
  last_entry: string;
  part: number;
  parts: number;
  rows?: Row[];
  tiles?: {[name: string]: any};
}
