-- The Standard report: rows of few people are hidden in Detailed ones.
, report_of_app AS (
    SELECT s.id, coalesce(a.merged_into_id, a.id) AS app_id, s.account_id, s.report, s.timezone AS zone
    FROM reports_series s JOIN reports_app a ON a.id = s.app_id
    WHERE s.kind = 'ANALYTICS' AND s.side = 'api' AND s.grain = 'day'
        AND lower(s.report) LIKE 'app store subscription event%%standard'
), zone_of AS (
    SELECT app_id, 'ANALYTICS' AS kind, min(zone) AS zone FROM report_of_app GROUP BY app_id
), set_of_day AS (
    SELECT o.app_id, o.account_id, v.delivery_id, v.period_start AS day
    FROM reports_vintage v JOIN report_of_app o ON o.id = v.series_id WHERE v.current
), known_day AS (
    -- A day of which it is proved that nothing happened has no rows.
    SELECT app_id, day FROM set_of_day
    UNION
    SELECT coalesce(a.merged_into_id, a.id), c.date FROM reports_coveragecell c JOIN reports_app a ON a.id = c.app_id
    WHERE c.state = 'empty' AND c.granularity = 'day' AND c.report IN (SELECT report FROM report_of_app)
), compared AS (
    SELECT 'ANALYTICS' AS kind, d.app_id, d.day, z.zone
    FROM known_day d
    JOIN known_day b ON b.app_id = d.app_id AND b.day = d.day - 1
    JOIN known_day f ON f.app_id = d.app_id AND f.day = d.day + 1
    JOIN zone_of z ON z.app_id = d.app_id
    JOIN told_since t ON t.app_id = d.app_id
    WHERE d.day - 1 > (to_timestamp(t.since_ms / 1000.0) AT TIME ZONE z.zone)::date
        AND d.day + %(wait_days)s::int <= (to_timestamp(%(now_ms)s / 1000.0) AT TIME ZONE z.zone)::date
), ours_raw AS (
    SELECT 'ANALYTICS' AS kind, app_id, product_id, storefront, '' AS currency, class, at_ms,
        number AS low, number AS high FROM counted
), theirs AS (
    -- Apple does not say whether the identifier is the number or the product ID. What a family shares nobody pays for.
    SELECT 'ANALYTICS' AS kind, d.app_id, m.sku AS product, upper(r.territory) AS country, '' AS currency, e.class,
        r.day, coalesce(sum(r.counts) FILTER (WHERE e.sure), 0) AS low, sum(r.counts) AS high
    FROM reports_subscriptioneventrow r
    JOIN set_of_day d ON d.delivery_id = r.id >> 32 AND d.day = r.day
    JOIN product m ON m.account_id = d.account_id AND r.subscription_id IN (m.subscription_apple_id, m.sku)
    JOIN jsonb_to_recordset(%(analytics_classes)s::jsonb) AS e(event text, class text, sure boolean)
        ON e.event = lower(regexp_replace(btrim(r.event), '\s+', ' ', 'g')) AND e.class <> ''
    WHERE lower(btrim(r.family_sharing)) <> 'shared with family'
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
