"""Generated rows on which conversions can differ: plausible rows, and rows at every edge."""
