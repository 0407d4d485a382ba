"""What the command line asks of the administrator's services; each returns lines."""
