"""What an administrator does: people and their accounts, the state of the system. An act is undone or says why not."""
