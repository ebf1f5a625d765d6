SELECT s.app_id, concat_ws(' ', s.subscription_apple_id, s.country, s.currency) AS member,
    (extract(epoch FROM (min(s.day) + time '12:00') AT TIME ZONE 'UTC') * 1000)::bigint AS at_ms,
    (extract(epoch FROM (max(s.day) + time '12:00') AT TIME ZONE 'UTC') * 1000)::bigint AS until_ms,
    NULL::jsonb AS money,
    jsonb_build_object('number', count(*), 'subscription', min(s.subscription_name), 'country', s.country,
        'rate', min(rate.percent), 'tax_percent', %(tax_percent)s,
        'proceeds_price', round(min(abs(s.developer_proceeds)) * 1000), 'proceeds_currency', s.currency,
        'paid_price', round(min(abs(s.customer_price)) * 1000), 'paid_currency', s.currency) AS facts
FROM subscriber s
CROSS JOIN LATERAL (
    SELECT CASE lower(btrim(s.proceeds_reason)) WHEN 'rate after one year' THEN 85 ELSE 70 END AS percent
) rate
WHERE s.currency = s.proceeds_currency AND s.customer_price <> 0
    -- The price may contain tax, which is taken off first; what is left may be rounded down by a unit.
    AND abs(s.developer_proceeds) < abs(s.customer_price) / (1 + %(tax_percent)s / 100.0) * rate.percent / 100.0
        - CASE WHEN s.customer_price = trunc(s.customer_price) AND s.developer_proceeds = trunc(s.developer_proceeds)
            THEN 1 ELSE 0.01 END
GROUP BY s.app_id, s.subscription_apple_id, s.country, s.currency
