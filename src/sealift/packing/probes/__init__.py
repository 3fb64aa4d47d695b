"""Generated rows on which a conversion could differ: plausible rows, and edge cases."""
