"""The leader's report to send on: PDF, Excel and CSV, each whole or not there."""
