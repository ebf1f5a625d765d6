"""Speed against a yardstick that runs beside it: `make bench`. Not part of the product."""
