"""The sample video: recorded speech over a bed and pictures that the project makes itself. Not shipped."""
