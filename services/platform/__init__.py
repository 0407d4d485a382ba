"""What every process shares: the errors of the database and of Redis, sorted."""
