"""Published results: their tables, checks of any printed table, and one's own beside them."""
