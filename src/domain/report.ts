/** Tells the operators of a fact that a metric counts; `fields` go to the log line, never into a dimension. */
export type Report = (fact: ReportedFact, fields?: Readonly<Record<string, string | number>>) => void;

type ReportedFact =
  | 'event_refused'
  | 'event_set_aside'
  | 'events_postponed'
  | 'send_failed'
  | 'delivery_ignored'
  | 'delivery_discarded'
  | 'delivery_exhausted'
  | 'webhook_disabled';
