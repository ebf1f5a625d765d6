"""Data that only the publisher has, from CSV files: which columns they have, and how they are read. No database."""
