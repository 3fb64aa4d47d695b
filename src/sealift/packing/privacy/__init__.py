"""What a sealed file retains of single records, found by comparing its contents with the caller's rows by value."""
