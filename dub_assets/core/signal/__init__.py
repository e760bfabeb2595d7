"""Array maths on sound: pure functions from arrays to arrays."""
