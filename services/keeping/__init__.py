"""What is not kept for ever goes in steps: positions, sessions, commands, alarms' lives, refused entries, boards."""
