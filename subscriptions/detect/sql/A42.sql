, compared AS (
    -- A day with both its neighbours, after the first notification and old enough for the last retry to be unlikely.
    SELECT a.app_id, a.account_id, d.kind, d.day, z.zone
    FROM report_day d
    JOIN report_day b ON b.account_id = d.account_id AND b.kind = d.kind AND b.day = d.day - 1
    JOIN report_day f ON f.account_id = d.account_id AND f.kind = d.kind AND f.day = d.day + 1
    JOIN zones z ON z.account_id = d.account_id AND z.kind = d.kind
    JOIN app a ON a.account_id = d.account_id AND a.app_id = a.owner_id
    JOIN told_since t ON t.app_id = a.app_id
    WHERE d.day - 1 > (to_timestamp(t.since_ms / 1000.0) AT TIME ZONE z.zone)::date
        AND d.day + %(wait_days)s::int <= (to_timestamp(%(now_ms)s / 1000.0) AT TIME ZONE z.zone)::date
), zone_of AS (
    SELECT a.app_id, z.kind, z.zone FROM app a JOIN zones z ON z.account_id = a.account_id
), ours_raw AS (
    SELECT 'SUBSCRIPTION_EVENT' AS kind, app_id, product_id, storefront, '' AS currency, class, at_ms,
        number AS low, number AS high FROM counted
    UNION ALL SELECT 'SUBSCRIBER', app_id, product_id, storefront, currency, 'list_price', at_ms,
        price * quantity / 1000.0, price * quantity / 1000.0 FROM sold WHERE price > 0 AND NOT unsure
    -- A price that Apple did not tell, or told in two ways, is not zero: something up to the dearest that is known.
    UNION ALL SELECT 'SUBSCRIBER', app_id, product_id, storefront, currency, 'list_price', at_ms,
        0, dearest * quantity / 1000.0 FROM sold WHERE unsure AND dearest > 0
    -- What is given back at an upgrade is told nowhere: something between nothing and the price.
    UNION ALL SELECT 'SUBSCRIBER', app_id, product_id, storefront, currency, 'list_price', superseded_ms,
        -price * quantity / 1000.0, 0 FROM sold WHERE price > 0 AND superseded_ms IS NOT NULL
    UNION ALL SELECT 'SUBSCRIBER', app_id, product_id, storefront, currency, 'list_price', at_ms,
        coalesce(amount, -price, 0) / 1000.0, coalesce(amount, 0) / 1000.0 FROM given_back
), theirs AS (
    SELECT 'SUBSCRIPTION_EVENT' AS kind, c.app_id, m.sku AS product, c.country, '' AS currency, e.class, c.day,
        coalesce(sum(c.quantity) FILTER (WHERE e.sure), 0) AS low, sum(c.quantity) AS high
    FROM changed c JOIN product m USING (account_id, subscription_apple_id)
    JOIN event_class e ON e.event = c.event AND e.class <> ''
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    UNION ALL
    SELECT 'SUBSCRIBER', s.app_id, m.sku, s.country, s.currency, 'list_price', s.day, sum(s.paid), sum(s.paid)
    FROM subscriber s JOIN product m USING (account_id, subscription_apple_id)
    WHERE s.paid <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7
)
