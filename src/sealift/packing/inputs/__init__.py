"""Convert X (data frames, arrays, strings, dicts) to named columns, and back."""
