"""Read queries of the pages: no page asks the database anything that is not written here or in its list."""
