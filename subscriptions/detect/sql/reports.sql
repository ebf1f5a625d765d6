, series AS (
    SELECT s.id, s.account_id, coalesce(s.vendor_id, 0) AS vendor, s.kind, s.timezone
    FROM reports_series s WHERE s.kind IN ('SUBSCRIPTION_EVENT', 'SUBSCRIBER') AND s.side = 'api'
        AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)
), zones AS (
    SELECT account_id, kind, min(timezone) AS zone, count(DISTINCT vendor) AS vendors FROM series GROUP BY 1, 2
), current_file AS (
    SELECT s.account_id, s.vendor, s.kind, v.delivery_id, v.period_start AS day
    FROM reports_vintage v JOIN series s ON s.id = v.series_id WHERE v.current
), report_day AS (
    -- Days of which every vendor's report is here; one that Apple says is empty is known as well.
    SELECT d.account_id, d.kind, d.day FROM (
        SELECT account_id, kind, vendor, day FROM current_file
        UNION
        SELECT c.account_id, split_part(c.report, '/', 1), coalesce(c.vendor_id, 0), c.date
        FROM reports_coveragecell c
        WHERE c.state = 'empty' AND split_part(c.report, '/', 1) IN ('SUBSCRIPTION_EVENT', 'SUBSCRIBER')
    ) d JOIN zones z USING (account_id, kind)
    GROUP BY d.account_id, d.kind, d.day, z.vendors HAVING count(DISTINCT d.vendor) >= z.vendors
), app AS (
    SELECT a.id AS app_id, a.account_id, coalesce(a.merged_into_id, a.id) AS owner_id, a.apple_id FROM reports_app a
    JOIN (SELECT DISTINCT account_id FROM zones) z USING (account_id)
), product AS (
    SELECT account_id, apple_id::text AS subscription_apple_id, sku FROM reports_subscriptionproduct
), told_since AS (
    SELECT n.app_id, min(n.signed_ms) AS since_ms FROM told n GROUP BY n.app_id
), event_class AS (
    SELECT * FROM jsonb_to_recordset(%(event_classes)s::jsonb) AS e(event text, class text, sure boolean)
), told_class AS (
    SELECT * FROM jsonb_to_recordset(%(told_classes)s::jsonb)
        AS c(told text, class text, title text, priced boolean)
), storefront AS (
    SELECT key AS three, value AS two FROM jsonb_each_text(%(storefronts)s::jsonb)
), changed AS (
    -- Rows of the Event report, on their own day; one that may be of several classes stands once for each.
    SELECT a.owner_id AS app_id, f.account_id, r.day, r.country, r.subscription_apple_id, r.subscription_name,
        lower(regexp_replace(btrim(r.event), '\s+', ' ', 'g')) AS event, r.event AS written, r.quantity
    FROM reports_subscriptionchangerow r
    JOIN current_file f ON f.delivery_id = r.id >> 32 AND f.kind = 'SUBSCRIPTION_EVENT'
    JOIN app a ON a.account_id = f.account_id AND a.apple_id = r.apple_id
), subscriber AS (
    -- A refund has a negative price; the units of a sale and of a refund count alike.
    SELECT a.owner_id AS app_id, f.account_id, r.day, r.country, r.subscription_apple_id, r.subscription_name,
        r.customer_currency AS currency, sign(r.customer_price) * abs(r.units * r.customer_price) AS paid,
        r.customer_price, r.developer_proceeds, r.proceeds_currency, r.proceeds_reason, r.units, r.id
    FROM reports_subscriberrow r
    JOIN current_file f ON f.delivery_id = r.id >> 32 AND f.kind = 'SUBSCRIBER'
    JOIN app a ON a.account_id = f.account_id AND a.apple_id = r.apple_id
)
