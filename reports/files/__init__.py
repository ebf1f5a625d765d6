"""Files that Apple or a person hands in: bytes to clean text, numbers and days. No Django, no database."""
