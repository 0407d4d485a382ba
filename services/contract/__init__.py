"""The contract in code: what crosses the wire, as frozen types (CONTRACT.md)."""
