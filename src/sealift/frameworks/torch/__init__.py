"""PyTorch: feed-forward modules over tables of numbers."""
