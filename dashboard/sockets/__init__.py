"""The socket's protection: who may open one, what a client may send on it, how much, and until when."""
