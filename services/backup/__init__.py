"""A backup: the store as of one moment, the package, the audit's heads and what they are, whole or not at all.

``manifest`` says what one is; ``making_service`` makes it beside everything that runs, ``restoring_service`` puts it
into an empty store. The data key is never in it: only what its name is.
"""
