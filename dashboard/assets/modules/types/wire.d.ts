// What the server sends, by the server's structs. Made by `python -m dashboard.live.wire_types`: do not edit.

export type PresentEscalation = [
  to: string,
  reason_code: string,
  at: number | null,
  deadline_at: number | null,
  acknowledged_at: number | null,
  from_: string,
  acknowledged_by: string,
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

export type DeclinedProposal = [
  by: string,
  at: number,
  why: string,
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

export interface BeforeToday {
  overdue: number | null;
  due_soon: number | null;
  open: number | null;
  reported: number | null;
  closed: number | null;
}

export type AgainstDay = [
  day: number,
  weeks: number,
  why: string,
];

export interface TodayTile {
  overdue: number;
  due_soon: number;
  open: number;
  suspended: number;
  intake: number;
  closed: number;
  before: BeforeToday;
  against: AgainstDay | null;
}

export interface FunnelTile {
  n: number;
  unknown: number;
  grid: number;
  street: number;
  district: number;
  targets: [number, number, number];
}

export interface HoursTile {
  today: number[];
  before: number[];
}

export type CountAgainst = [
  code: string,
  n: number,
  before: number | null,
];

export type StreetRate = [
  code: string,
  rate: number | null,
  due: number,
  open: number,
  overdue: number,
];

export type WholeRate = [
  rate: number | null,
  due: number,
];

export interface StreetsTile {
  rows: StreetRate[];
  all: WholeRate;
  target: number;
}

export interface QueueTile {
  n: number;
  untaken: number;
  rows: string[];
  rest_untaken: number;
  rest_ends: number | null;
}

export type NextStep = [
  case_id: string,
  rule: string,
  at: number,
];

export interface NextTile {
  proposed: number;
  rows: NextStep[];
  coming: NextStep[];
}

export interface UnknownTile {
  refused: {[name: string]: number};
  clock_skew: number;
  irregular: number;
  unplaced: number;
  estimated: number;
  lost: number;
  lost_at: number | null;
  emptied_at: number | null;
  absent: string[];
}

export interface BoardTiles {
  today: TodayTile;
  funnel: FunnelTile;
  hours: HoursTile;
  channels: CountAgainst[];
  domains: CountAgainst[];
  streets: StreetsTile;
  queue: QueueTile;
  next: NextTile;
  unknown: UnknownTile;
}

export type SourceRow = [
  source: string,
  name: string,
  word: "live" | "late" | "stopped" | "never" | "no_heartbeat",
  at: number | null,
];

export type FeedSince = [
  redis: number | null,
  store: number | null,
  behind: number | null,
  refuses: number | null,
];

export type TickerLine = [
  at: number,
  type: string,
  street: string,
  domain: string,
  class_name: string,
  unit: string,
];

export interface UnitMoved {
  unit_id: string;
  at: string;
  lon: number;
  lat: number;
  coord_sys: "CGCS2000" | "WGS84" | "GCJ02" | "BD09";
  kind?: "car" | "foot" | "volunteer" | "enforcement" | null;
  group?: string | null;
  street?: string | null;
  status?: "free" | "assigned" | "on_scene" | "off" | null;
  case_id?: string | null;
}

export interface ShownSubject {
  case_id: string;
  camera_id: string;
  source: string;
  street: string;
}

export interface ShownAlarm {
  id: string;
  seat: string;
  kind: string;
  severity: number;
  what_to_do: "acknowledge_escalation" | "confirm_proposal" | "open_case" | "open_camera" | "check_source" | "write_report";
  raised_at: number;
  waits_since: number;
  state: "unacknowledged" | "acknowledged" | "shelved" | "cleared";
  subject: ShownSubject;
  class_name: string;
  domain: string;
  number: number;
  cases: string[];
  due_at: number | null;
  level: number;
  n: number;
  acked_at: number | null;
  acked_by: string;
  comment: string;
  lapses_at: number | null;
  climbed_at: number | null;
  shelved_until: number | null;
  shelved_by: string;
  cleared_at: number | null;
}

export interface Budget {
  seat: string;
  raised: number;
  acceptable: number;
  most: number;
  word: "good" | "many" | "too_many";
}

export interface Flood {
  since: number | null;
  n: number;
  folded: string[];
}

export interface AlarmsTile {
  alarms: ShownAlarm[];
  sound: number;
  level: number;
  budget: Budget;
  flood: Flood;
}

export interface WallAlarmsTile extends AlarmsTile {
  n: number;
  untaken: number;
}

export interface RoomTiles extends BoardTiles {
  sources: SourceRow[];
  feed: FeedSince;
  shift: string;
  ticker: TickerLine[];
  units: UnitMoved[];
  alarms: WallAlarmsTile;
}

export type WrongProcess = [
  name: string,
  state: "alive" | "waits" | "stuck" | "stopped" | "dead" | "missing",
  at: number | null,
];

export type AroundStreams = [
  kind: "forgotten_group" | "ignored_clock",
  about: string,
];

export type Watching = [
  areas: number,
  spots: number,
];

export interface Listed {
  n: number;
  planned: number;
  live: number;
  unknown: number;
}

export interface Outage {
  at: number;
  cameras: number;
  still: number;
  streets: string[];
}

export interface Coverage {
  at: number;
  is_night: boolean;
  cameras: number;
  online: number;
  intact: number;
  unstable: number;
  state_unknown: number;
  counted: number;
  turning: number;
  direction_unknown: number;
  refused: number;
  indoor: number;
  dark_unknown: number;
  grades: {[name: string]: number};
  areas: Listed;
  roads: Listed;
  places: Listed;
  outages: Outage[];
  notes: string[];
  target_online: number;
  target_intact: number;
  covered_share: number;
  proved_at: number;
  differences: number;
}

export interface TopSpot {
  id: string;
  letter: "A" | "B" | "C";
  name: string;
  street: string;
  code: string;
  gap: "none" | "permanent" | "live" | "night" | "unknown";
  unseen: number;
  cases: number;
  need: number;
}

export interface CoverageTile extends Coverage {
  top: TopSpot[];
  gaps: number;
}

export interface WallTiles extends RoomTiles {
  processes: WrongProcess[];
  around: AroundStreams[];
  filling: number | null;
  watch: Watching;
  coverage: CoverageTile | null;
}

export interface PastCoverage {
  is_night: boolean;
  cameras: number;
  online: number;
  outages: Outage[];
  notes: string[];
  target_online: number;
  top: TopSpot[];
  gaps: number;
  kept_at?: number;
}

export interface PastNames {
  streets: {[name: string]: [string, string]};
  units: {[name: string]: [string, string]};
}

export interface PastTiles extends RoomTiles {
  coverage: PastCoverage;
  names: PastNames;
}

export type Colleague = [
  account: string,
  name: string,
];

export interface ShownFigures {
  open: number;
  overdue: number;
  due_soon: number;
  suspended: number;
  escalated: number;
  rate: number | null;
  target: number;
}

export interface SmallDeskTiles {
  sources: SourceRow[];
  feed: FeedSince;
  shift: string;
  processes: WrongProcess[];
  around: AroundStreams[];
  filling: number | null;
  present: {[name: string]: Colleague[]};
  figures: ShownFigures;
  alarms?: AlarmsTile;
}

export interface DeskFigures extends ShownFigures {
  should_close: number;
  closed: number;
  on_time: number;
  rank: number | null;
  ranked: number;
  rate_of: string;
}

export interface DeskTiles extends SmallDeskTiles {
  units: UnitMoved[];
  refused: number;
}

export interface WatchedSpot {
  id: string;
  kind: "area" | "road" | "place" | "grid";
  name: string;
  lon: number;
  lat: number;
  street?: string;
  place_type?: string;
  weight?: number;
  size?: number;
  planned?: number | null;
  live?: number | null;
  planned_night?: number | null;
  live_night?: number | null;
  now?: number | null;
  demand?: number;
  cases?: number;
  unseen?: number;
  need?: number;
  gap?: "none" | "permanent" | "live" | "night" | "unknown";
  way?: "" | "repair" | "turn" | "light" | "add";
  camera?: string;
  camera_m?: number;
  outline?: number[][][];
  blind?: number[][][];
}

export interface Sight {
  id: string;
  name: string;
  kind: string;
  lon: number;
  lat: number;
  state: "online" | "degraded" | "offline" | "unstable" | "unknown";
  view: "fixed" | "reach" | "unknown" | "none";
  grade: "A" | "B" | "C" | "D";
  street?: string;
  fault?: string;
  since?: number;
  sees_day?: boolean;
  sees_night?: boolean;
  azimuths?: number[];
  hfov?: number;
  range_m?: number;
  levels_m?: number[];
  estimated?: string[];
  reasons?: string[];
  moved_m?: number;
  shapes?: number[][];
  now?: number[][];
  url?: string;
}

export interface Region {
  code: string;
  kind: "district" | "street" | "community" | "grid";
  outdoor_m2: number;
  planned: number;
  live: number;
  planned_night: number;
  live_night: number;
}

export interface PlannedSite {
  rank: number;
  pole: string;
  name: string;
  street: string;
  lon: number;
  lat: number;
  model: string;
  azimuth: number;
  hfov: number;
  range_m: number;
  gain: number;
  covered_m2: number;
  cases: number;
  cost: number;
  shape: number[];
}

export interface SitePlan {
  at: number;
  candidates: number;
  poles: number;
  pole_source: string;
  sites: PlannedSite[];
  curve: number[];
  district: number[];
  areas: number[];
  roads: number[];
  places: number[];
}

export interface ScreenDelta {
  seq: number;
  rev: number;
  at: number;
  last_entry: string;
  rows?: Row[];
  gone?: string[];
  tiles?: Tiles;
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
  tiles?: Tiles;
}

/** An open case: a wall's has the wall's fields, a desk's has more behind them. */
export type Row = WallCase | DeskCase;

/** What a screen has of all tiles; null takes one back. */
export type Tiles = Partial<WallTiles> & Partial<PastTiles> & Partial<DeskTiles> & SpotTiles;

/** Each spot with something blind is a tile of its own. */
export interface SpotTiles {
  [name: `spot:${string}`]: WatchedSpot | null;
}
