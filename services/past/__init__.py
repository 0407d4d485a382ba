"""The room as it was: the board of any past moment, from what is kept of it, and how it went on from there."""
