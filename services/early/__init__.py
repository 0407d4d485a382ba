"""Early recognition: small beginnings seen before they grow (docs/early.md)."""
