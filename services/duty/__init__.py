"""Duty: the roster, the log book, reports of severe incidents, the handover sheet, a street's grids. Pure."""
