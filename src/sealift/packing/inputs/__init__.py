"""X as people have it (data frames, arrays, strings, dicts) to named columns, and back."""
