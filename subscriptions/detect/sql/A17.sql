, accepted AS (
    SELECT app_id, original_id, min(signed_ms) AS first_ms FROM told
    WHERE type = 'PRICE_INCREASE' AND subtype = 'ACCEPTED' GROUP BY app_id, original_id
), seen AS (
    SELECT p.app_id, u.upload_id, p.product_id, p.storefront, p.currency, p.price,
        date '1970-01-01' + (p.purchase_ms / 86400000)::integer AS day, a.first_ms IS NOT NULL AS after_consent,
        count(*) AS number, min(p.purchase_ms) AS first_ms, max(p.purchase_ms) AS last_ms,
        min(p.original_id) AS original
    FROM uploaded u
    JOIN bought p ON p.app_id = u.app_id
    LEFT JOIN accepted a ON a.app_id = p.app_id AND a.original_id = p.original_id AND a.first_ms <= p.purchase_ms
    WHERE u.kind = 'prices' AND p.counts AND p.offer_type IS NULL AND p.price > 0 AND p.storefront <> ''
        AND p.purchase_ms >= %(now_ms)s - %(days)s::bigint * 86400000
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), listed AS (
    SELECT DISTINCT upload_id, product_id FROM subscriptions_pricerow
), allowed AS (
    SELECT s.app_id, s.product_id, s.storefront, s.currency, s.price, s.day, s.after_consent, l.price AS listed_price,
        l.currency AS listed_currency
    FROM (SELECT s.*, unnest(ARRAY[s.storefront, '']) AS place FROM seen s) s
    JOIN subscriptions_pricerow l ON l.upload_id = s.upload_id AND l.product_id = s.product_id
        AND l.storefront = s.place AND (l.storefront <> '' OR l.currency = s.currency)
    WHERE coalesce(l.valid_from, s.day) <= s.day + %(slack_days)s::integer
        AND coalesce(l.valid_until, s.day) >= s.day - %(slack_days)s::integer
), judged AS (
    SELECT s.*, a.listed, a.nearest, coalesce(a.is_expected, false) AS is_expected
    FROM seen s JOIN listed USING (upload_id, product_id)
    LEFT JOIN (
        SELECT app_id, product_id, storefront, currency, price, day, after_consent,
            jsonb_agg(DISTINCT jsonb_build_array(listed_price, listed_currency)) AS listed,
            min(abs(price - listed_price)) FILTER (WHERE listed_currency = currency) AS nearest,
            bool_or(listed_price = price AND listed_currency = currency) AS is_expected
        FROM allowed GROUP BY 1, 2, 3, 4, 5, 6, 7
    ) a USING (app_id, product_id, storefront, currency, price, day, after_consent)
)
SELECT app_id, concat_ws(' ', product_id, storefront, currency, told_price) AS member,
    min(first_ms) AS at_ms, max(last_ms) AS until_ms,
    CASE WHEN sum(number * nearest) > 0 THEN jsonb_build_object(currency, sum(number * nearest)) END AS money,
    jsonb_build_object('product', product_id, 'storefront', storefront, 'number', sum(number), 'upload', upload_id,
        'seen_price', max(price), 'seen_currency', currency, 'listed_prices', (array_agg(listed ORDER BY last_ms DESC))[1],
        'original', min(original),
        'grade', CASE WHEN told_price IS NULL OR bool_and(after_consent) THEN 'info' END,
        'what', CASE WHEN told_price IS NULL THEN 'there is no price on file for this storefront and time'
            ELSE 'the price list has another' END) AS facts
FROM (SELECT j.*, CASE WHEN listed IS NOT NULL THEN price END AS told_price FROM judged j WHERE NOT is_expected) j
GROUP BY app_id, upload_id, product_id, storefront, currency, told_price
