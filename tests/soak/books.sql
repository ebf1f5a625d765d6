-- What the books of an installation hold, each row as one text of its content.
-- A delivery is known by its bytes and what they were loaded as, whatever its number.
WITH d AS (
  SELECT d.*, f.sha256, a.name AS account, v.number AS vendor, p.apple_id AS app_number, p.name AS app_name,
    concat_ws('|', d.side, d.kind, d.report, a.name, v.number, d.region_code, d.period_start, d.file_name, f.sha256) AS key
  FROM reports_delivery d JOIN reports_rawfile f ON f.id = d.raw_file_id
  LEFT JOIN reports_account a ON a.id = d.account_id LEFT JOIN reports_vendor v ON v.id = d.vendor_id
  LEFT JOIN reports_app p ON p.id = d.app_id
), vintages AS (
  SELECT t.id, t.current, concat_ws('|', a.name, v.number, p.apple_id, p.name, s.side, s.kind, s.report, s.scope,
    s.grain, s.timezone, t.period_start, t.period_end, t.taken_on, d.key) AS key
  FROM reports_vintage t JOIN reports_series s ON s.id = t.series_id JOIN d ON d.id = t.delivery_id
  JOIN reports_account a ON a.id = s.account_id LEFT JOIN reports_vendor v ON v.id = s.vendor_id
  LEFT JOIN reports_app p ON p.id = s.app_id
), found AS (
  SELECT g.*, concat_ws('|', a.name, v.number, p.apple_id, p.name, r.key) AS whose
  FROM reports_finding g JOIN reports_account a ON a.id = g.account_id LEFT JOIN reports_vendor v ON v.id = g.vendor_id
  LEFT JOIN reports_app p ON p.id = g.app_id LEFT JOIN reports_rule r ON r.id = g.rule_id WHERE g.state <> 'closed'
)
-- table: raw files
SELECT concat_ws('|', sha256, size, stored_as) FROM reports_rawfile
-- table: deliveries
SELECT (to_jsonb(d) - ARRAY['id', 'raw_file_id', 'account_id', 'vendor_id', 'app_id', 'received_at', 'uploaded_by_id',
  'options', 'overlaps'])::text FROM d
-- table: sales rows
SELECT md5(concat(d.key, t.id & 4294967295, (to_jsonb(t) - 'id')::text))
FROM reports_salesrow t LEFT JOIN d ON d.id = t.id >> 32
-- table: finance rows
SELECT md5(concat(d.key, t.id & 4294967295, (to_jsonb(t) - 'id')::text))
FROM reports_financerow t LEFT JOIN d ON d.id = t.id >> 32
-- table: console rows
SELECT md5(concat(d.key, t.id & 4294967295, (to_jsonb(t) - 'id')::text))
FROM reports_consolerow t LEFT JOIN d ON d.id = t.id >> 32
-- table: rejected rows
SELECT concat_ws('|', d.key, r.line, r.column, r.seen, r.why) FROM reports_rowreject r JOIN d ON d.id = r.delivery_id
-- table: vintages
SELECT concat_ws('|', key, current) FROM vintages
-- table: figures
SELECT md5(concat_ws('|', t.key, f.metric, p.apple_id, p.name, m.dims::text, f.currency, f.value))
FROM reports_figure f LEFT JOIN vintages t ON t.id = f.vintage_id LEFT JOIN reports_app p ON p.id = f.app_id
LEFT JOIN reports_member m ON m.id = f.member_id
-- table: coverage
SELECT concat_ws('|', a.name, v.number, c.report, c.region_code, c.granularity, c.date, c.period_end, c.state, d.key)
FROM reports_coveragecell c JOIN reports_account a ON a.id = c.account_id LEFT JOIN reports_vendor v ON v.id = c.vendor_id
LEFT JOIN d ON d.id = c.delivery_id
-- table: findings
SELECT (to_jsonb(found) - ARRAY['id', 'public_id', 'first_seen', 'last_seen', 'account_id', 'vendor_id', 'app_id',
  'rule_id', 'run_id', 'evidence', 'details', 'message'])::text FROM found
-- table: days of findings
SELECT concat_ws('|', g.whose, g.kind, g.cause, g.metric, g.member, g.currency, y.period_start, y.period_end,
  y.api_value, y.console_value, y.difference, y.explained)
FROM reports_findingday y JOIN found g ON g.id = y.finding_id
