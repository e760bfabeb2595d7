"""Object stores, local copies of objects, and the codec between values and JSON."""
