"""What a user could run instead of ours, doing one equal small job: a map of N cases and a counter from a stream."""
