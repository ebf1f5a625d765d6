"""Reads CSV files that a person exported from the App Store Connect web console. Knows no database."""
