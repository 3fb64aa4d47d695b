"""Workers that are added and removed as the load changes, and models that are unloaded while nobody uses them."""
