"""App Analytics of the simulated account: what happened, Apple's reports of it, the API that delivers them."""
