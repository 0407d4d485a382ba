"""Photos of cases: the only place that fetches, decodes, keeps and serves pictures (docs/photos.md)."""
