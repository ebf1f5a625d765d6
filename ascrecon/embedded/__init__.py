"""PostgreSQL that the program brings along and starts by itself when no DATABASE_URL is set."""
