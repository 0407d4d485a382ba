"""Files that others wrote, read safely: bytes with a bound, text by its encoding, tables, JSON, XML. Pure but ``raw``.

Every reader of files goes through here (replay, package, cameras). What is wrong is a ``FileFault`` in words: the line,
the column, what, and what to do about it; no reader guesses on, and none answers with a traceback.
"""
