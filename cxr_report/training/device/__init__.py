"""What runs of one process share a device with: lanes to work on, captured steps, and how many runs at once."""
