"""Search over everything: what was asked, where it may be found, and the index that follows the cases."""
