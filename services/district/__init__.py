"""The district package: one folder that describes one district (CONTRACT.md)."""
