"""The project package: settings, clock, embedded PostgreSQL, jobs, App Store clients."""
