"""What cameras see, what they do not, and where the next ones go (docs/coverage.md). Pure: no I/O, ``now`` an
argument.
"""
