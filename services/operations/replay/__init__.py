"""Real cases from a city's open data, sent through the same stream as live ones (issue 2, section 9)."""
