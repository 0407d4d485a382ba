"""Two-level response, 一级为主，二级兜底 (DOMAIN.md §5): who holds a case, when the district takes it, and why."""
