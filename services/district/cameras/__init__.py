"""Cameras from a table, a GB/T 28181 catalogue or OpenStreetMap, judged row by row. Pure; begin at ``reading``."""
