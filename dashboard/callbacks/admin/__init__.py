"""The administrator's pages: plain HTML, made on the server, usable without a script."""
