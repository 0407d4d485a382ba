"""Alarms after ISA-18.2: what calls for a person now, who has taken it, and how many of them a seat gets. Pure."""
