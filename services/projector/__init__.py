"""The projector: from the stream to the store (ARCHITECTURE.md, decision 2)."""
