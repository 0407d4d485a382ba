"""The indicators: definitions, the pure definition over cases, and what the roll-ups keep (DOMAIN.md §4)."""
