-- `compared` days of a kind of report and an app, what is `theirs` and what is `ours_raw`, in days of `zone_of` the report.
, ours AS (
    SELECT o.kind, o.app_id, o.product_id AS product, coalesce(s.two, o.storefront) AS country, o.currency, o.class,
        (to_timestamp(o.at_ms / 1000.0) AT TIME ZONE z.zone)::date AS day, sum(o.low) AS low, sum(o.high) AS high
    FROM ours_raw o
    JOIN reports_app a ON a.id = o.app_id
    JOIN zone_of z ON z.app_id = o.app_id AND z.kind = o.kind
    LEFT JOIN storefront s ON s.three = o.storefront
    JOIN (SELECT DISTINCT account_id, sku FROM product) m ON m.account_id = a.account_id AND m.sku = o.product_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7
), line AS (
    SELECT kind, app_id, product, country, currency, class, day,
        coalesce(o.low, 0) AS our_low, coalesce(o.high, 0) AS our_high,
        coalesce(r.low, 0) AS low, coalesce(r.high, 0) AS high
    FROM ours o FULL JOIN theirs r USING (kind, app_id, product, country, currency, class, day)
), beside AS (
    -- What the days before and after could take or give: a purchase near midnight, a renewal charged the evening before.
    SELECT kind, app_id, product, country, currency, class, day + d.shift AS day,
        sum(greatest(high - our_low, 0)) AS room, sum(greatest(our_high - low, 0)) AS surplus
    FROM line CROSS JOIN (VALUES (-1), (1)) AS d(shift)
    GROUP BY kind, app_id, product, country, currency, class, day + d.shift
), price AS (
    -- The list price that is usual for a product in a country, ours or the report's.
    SELECT DISTINCT ON (app_id, product, country) app_id, product, country, currency, price FROM (
        SELECT app_id, product, country, currency, mode() WITHIN GROUP (ORDER BY price) AS price, count(*) AS number
        FROM (
            SELECT o.app_id, o.product_id AS product, coalesce(s.two, o.storefront) AS country, o.currency,
                o.price / 1000.0 AS price
            FROM sold o LEFT JOIN storefront s ON s.three = o.storefront WHERE o.price > 0
            UNION ALL
            SELECT s.app_id, m.sku, s.country, s.currency, s.customer_price
            FROM subscriber s JOIN product m USING (account_id, subscription_apple_id) WHERE s.customer_price > 0
        ) p GROUP BY app_id, product, country, currency
    ) p ORDER BY app_id, product, country, number DESC, currency
), left_over AS (
    SELECT l.*, c.zone, p.price, p.currency AS price_currency,
        CASE WHEN l.our_low > l.high THEN greatest(l.our_low - l.high - coalesce(b.room, 0), 0)
            WHEN l.our_high < l.low THEN -greatest(l.low - l.our_high - coalesce(b.surplus, 0), 0)
            ELSE 0 END AS residual
    FROM line l
    JOIN compared c ON c.app_id = l.app_id AND c.kind = l.kind AND c.day = l.day
    LEFT JOIN beside b ON b.kind = l.kind AND b.app_id = l.app_id AND b.product = l.product AND b.country = l.country
        AND b.currency = l.currency AND b.class = l.class AND b.day = l.day
    LEFT JOIN price p ON p.app_id = l.app_id AND p.product = l.product AND p.country = l.country
), told_once AS (
    -- Prices that differ because purchases are missing are told with these purchases.
    SELECT x.* FROM left_over x LEFT JOIN (
        SELECT DISTINCT app_id, product, country, day + d.shift AS day
        FROM left_over CROSS JOIN (VALUES (-1), (0), (1)) AS d(shift)
        WHERE kind <> 'SUBSCRIBER' AND residual <> 0
            AND class NOT IN (SELECT class FROM told_class WHERE NOT priced)
    ) counted ON counted.app_id = x.app_id AND counted.product = x.product AND counted.country = x.country
        AND counted.day = x.day AND x.kind = 'SUBSCRIBER'
    WHERE x.residual <> 0 AND counted.app_id IS NULL
), run AS (
    SELECT kind, app_id, product, country, currency, class, sign(residual) AS side, min(zone) AS zone,
        min(day) AS first, max(day) AS last, sum(our_low) AS our_low, sum(our_high) AS our_high, sum(low) AS low,
        sum(high) AS high, sum(abs(residual)) AS residual, min(price) AS price, min(price_currency) AS price_currency
    FROM (
        SELECT *, day - (row_number() OVER (
            PARTITION BY kind, app_id, product, country, currency, class, sign(residual) ORDER BY day))::int AS island
        FROM told_once
    ) t GROUP BY kind, app_id, product, country, currency, class, sign(residual), island
)
SELECT r.app_id, concat_ws(' ', r.product, r.country, r.class, nullif(r.currency, '')) AS member,
    (extract(epoch FROM (r.first + time '12:00') AT TIME ZONE r.zone) * 1000)::bigint AS at_ms,
    (extract(epoch FROM (r.last + time '12:00') AT TIME ZONE r.zone) * 1000)::bigint AS until_ms,
    CASE WHEN r.kind = 'SUBSCRIBER' THEN jsonb_build_object(r.currency, round(r.residual * 1000))
        WHEN coalesce(c.priced, false) AND r.price IS NOT NULL
            THEN jsonb_build_object(r.price_currency, round(r.residual * r.price * 1000)) END AS money,
    jsonb_build_object(
        'product', r.product, 'country', r.country, 'first', r.first, 'last', r.last,
        'file', CASE r.kind WHEN 'SUBSCRIBER' THEN 'Subscriber' WHEN 'ANALYTICS' THEN 'analytics Subscription Event'
            ELSE 'Subscription Event' END,
        'what', coalesce(c.title, 'at list prices'),
        'report', concat_ws(' ', trim_scale(r.low)::text, 'to ' || CASE WHEN r.low <> r.high
            THEN trim_scale(r.high)::text END, nullif(r.currency, '')),
        'ours', concat_ws(' ', trim_scale(r.our_low)::text, 'to ' || CASE WHEN r.our_low <> r.our_high
            THEN trim_scale(r.our_high)::text END, nullif(r.currency, '')),
        'left_over', concat_ws(' ', trim_scale(r.residual)::text, nullif(r.currency, '')),
        'more', CASE WHEN r.side > 0 THEN 'we have more' ELSE 'Apple has more' END,
        'reasons', why.reasons, 'why', why.cause
    ) AS facts
FROM run r
LEFT JOIN (SELECT DISTINCT class, title, priced FROM told_class) c ON c.class = r.class
CROSS JOIN LATERAL (
    SELECT string_agg(w.text, '; ' ORDER BY w.nth) AS reasons, (array_agg(w.cause ORDER BY w.nth))[1] AS cause
    FROM jsonb_to_recordset(%(reasons)s::jsonb) AS w(nth int, text text, cause text, more text, classes jsonb)
    WHERE (w.classes = '[]' OR w.classes ? r.class)
        AND w.more IN ('either', CASE WHEN r.side > 0 THEN 'ours' ELSE 'report' END)
) why
WHERE (r.kind = 'SUBSCRIBER' OR r.residual >= %(least_number)s)
    AND r.residual > greatest(abs(r.our_high), abs(r.low)) * %(tolerance_percent)s / 100.0
