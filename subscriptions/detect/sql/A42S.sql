, sales_file AS (
    SELECT s.account_id, coalesce(s.vendor_id, 0) AS vendor, v.delivery_id, v.period_start AS day
    FROM reports_vintage v JOIN reports_series s ON s.id = v.series_id
    WHERE v.current AND s.kind = 'SALES' AND s.grain = 'day' AND s.side = 'api'
        AND s.account_id IN (SELECT account_id FROM zones)
        AND v.period_start > (to_timestamp(%(now_ms)s / 1000.0) AT TIME ZONE 'UTC')::date - %(days)s::int
), both_days AS (
    -- Days of which both reports are here, each with its neighbours.
    SELECT d.account_id, d.kind, d.day FROM report_day d
    JOIN (SELECT DISTINCT account_id, day FROM sales_file) s ON s.account_id = d.account_id AND s.day = d.day
), inner_day AS (
    SELECT d.account_id, d.kind, d.day FROM both_days d
    JOIN both_days b ON b.account_id = d.account_id AND b.kind = d.kind AND b.day = d.day - 1
    JOIN both_days f ON f.account_id = d.account_id AND f.kind = d.kind AND f.day = d.day + 1
), sales AS (
    SELECT f.account_id, r.sku AS product, r.country, r.day, r.units, r.developer_proceeds, r.proceeds_currency,
        r.subscription
    FROM reports_salesrow r JOIN sales_file f ON f.delivery_id = r.id >> 32
    WHERE r.product_type LIKE 'IAY%%'
        AND r.id BETWEEN (SELECT min(delivery_id) << 32 FROM sales_file)
            AND (SELECT (max(delivery_id) + 1) << 32 FROM sales_file)
), line AS (
    SELECT kind, account_id, product, country, currency, day,
        coalesce(o.value, 0) AS sales, coalesce(t.low, 0) AS low, coalesce(t.high, 0) AS high
    FROM (
        SELECT 'SUBSCRIPTION_EVENT' AS kind, account_id, product, country, '' AS currency, day, sum(units) AS value
        FROM sales WHERE lower(btrim(subscription)) = 'renewal' AND units > 0 GROUP BY 1, 2, 3, 4, 5, 6
        UNION ALL
        SELECT 'SUBSCRIBER', account_id, product, country, proceeds_currency, day, sum(units * developer_proceeds)
        FROM sales WHERE developer_proceeds <> 0 GROUP BY 1, 2, 3, 4, 5, 6
    ) o FULL JOIN (
        SELECT 'SUBSCRIPTION_EVENT' AS kind, c.account_id, m.sku AS product, c.country, '' AS currency, c.day,
            coalesce(sum(c.quantity) FILTER (WHERE e.sure), 0) AS low, sum(c.quantity) AS high
        FROM changed c JOIN product m USING (account_id, subscription_apple_id)
        JOIN event_class e ON e.event = c.event AND e.class = 'renewal' GROUP BY 1, 2, 3, 4, 5, 6
        UNION ALL
        SELECT 'SUBSCRIBER', s.account_id, m.sku, s.country, s.proceeds_currency, s.day, sum(x.value), sum(x.value)
        FROM subscriber s JOIN product m USING (account_id, subscription_apple_id)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.customer_price < 0 THEN -1 ELSE 1 END * abs(s.units * s.developer_proceeds) AS value
        ) x WHERE s.developer_proceeds <> 0 GROUP BY 1, 2, 3, 4, 5, 6
    ) t USING (kind, account_id, product, country, currency, day)
), beside AS (
    SELECT kind, account_id, product, country, currency, day + d.shift AS day,
        sum(greatest(high - sales, 0)) AS room, sum(greatest(sales - low, 0)) AS surplus
    FROM line CROSS JOIN (VALUES (-1), (1)) AS d(shift)
    GROUP BY kind, account_id, product, country, currency, day + d.shift
), left_over AS (
    SELECT l.*, CASE WHEN l.sales > l.high THEN greatest(l.sales - l.high - coalesce(b.room, 0), 0)
        WHEN l.sales < l.low THEN -greatest(l.low - l.sales - coalesce(b.surplus, 0), 0) ELSE 0 END AS residual
    FROM line l
    JOIN inner_day i ON i.account_id = l.account_id AND i.kind = l.kind AND i.day = l.day
    LEFT JOIN beside b ON b.kind = l.kind AND b.account_id = l.account_id AND b.product = l.product
        AND b.country = l.country AND b.currency = l.currency AND b.day = l.day
), run AS (
    SELECT kind, account_id, product, country, currency, sign(residual) AS side, min(day) AS first, max(day) AS last,
        sum(sales) AS sales, sum(low) AS low, sum(high) AS high, sum(abs(residual)) AS residual
    FROM (
        SELECT *, day - (row_number() OVER (
            PARTITION BY kind, account_id, product, country, currency, sign(residual) ORDER BY day))::int AS island
        FROM left_over WHERE residual <> 0
    ) t GROUP BY kind, account_id, product, country, currency, sign(residual), island
), seller AS (
    SELECT account_id, sku, min(app_id) AS app_id FROM (
        SELECT m.account_id, m.sku, c.app_id FROM changed c JOIN product m USING (account_id, subscription_apple_id)
        UNION SELECT m.account_id, m.sku, s.app_id FROM subscriber s
            JOIN product m USING (account_id, subscription_apple_id)
    ) x GROUP BY account_id, sku
)
SELECT o.app_id, concat_ws(' ', r.product, r.country, r.kind, nullif(r.currency, '')) AS member,
    (extract(epoch FROM (r.first + time '12:00') AT TIME ZONE 'UTC') * 1000)::bigint AS at_ms,
    (extract(epoch FROM (r.last + time '12:00') AT TIME ZONE 'UTC') * 1000)::bigint AS until_ms,
    CASE WHEN r.currency <> '' THEN jsonb_build_object(r.currency, round(r.residual * 1000)) END AS money,
    jsonb_build_object('product', r.product, 'country', r.country, 'first', r.first, 'last', r.last,
        'file', CASE r.kind WHEN 'SUBSCRIBER' THEN 'Subscriber' ELSE 'Subscription Event' END,
        'what', CASE r.kind WHEN 'SUBSCRIBER' THEN 'proceeds' ELSE 'renewals' END,
        'report', concat_ws(' ', trim_scale(r.low)::text, 'to ' || CASE WHEN r.low <> r.high
            THEN trim_scale(r.high)::text END, nullif(r.currency, '')),
        'sales', concat_ws(' ', trim_scale(r.sales)::text, nullif(r.currency, '')),
        'left_over', concat_ws(' ', trim_scale(r.residual)::text, nullif(r.currency, ''))) AS facts
FROM run r JOIN seller o ON o.account_id = r.account_id AND o.sku = r.product
WHERE (r.kind = 'SUBSCRIBER' OR r.residual >= %(least_number)s)
    AND r.residual > greatest(abs(r.sales), abs(r.low)) * %(tolerance_percent)s / 100.0
