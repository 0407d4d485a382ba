"""The live board: the read model in memory, from a snapshot and the outbox (ARCHITECTURE.md, decision 3)."""
