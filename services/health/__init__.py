"""Whether what the screens show is up to date: how long entries wait, and which processes live."""
